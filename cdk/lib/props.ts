import type { Architecture, Code } from 'aws-cdk-lib/aws-lambda';
import type { ParameterProps } from './parameter-props';

/** The two functions, each a zip that holds one executable named `bootstrap`. */
export interface EcrAdmissionCode {
  /** Evaluates reviews. */
  readonly admission: Code;
  /** Authenticates the apiservers of your clusters. */
  readonly authorizer: Code;
}

/** What can be set. Everything but the code has a default. */
export interface EcrAdmissionProps extends ParameterProps {
  /** The executables: `builtCode()` for those that `scripts/build` made. */
  readonly code: EcrAdmissionCode;

  /**
   * What the executables were built for.
   * @default Architecture.ARM_64, which costs a fifth less
   */
  readonly architecture?: Architecture;
}
