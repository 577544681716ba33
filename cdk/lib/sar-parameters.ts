import {
  Aws,
  CfnCondition,
  CfnParameter,
  type CfnParameterProps,
  Fn,
  type Stack,
  Token,
} from 'aws-cdk-lib';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import { POLICY_SECRET } from './functions';
import type { ParameterProps } from './parameter-props';
import { defaultText, expected, PARAMETERS, type Parameter, stackValue } from './parameters';

/** The settings whose 0 leaves the property out of the template. */
const NONE_IF_ZERO: readonly (keyof ParameterProps)[] = [
  'admissionReservedConcurrency',
  'authorizerReservedConcurrency',
];

/** What can be set in the console of the Serverless Application Repository. */
export class SarParameters {
  /** The props whose values are the parameters. */
  readonly props: ParameterProps;

  constructor(private readonly stack: Stack) {
    this.props = Object.fromEntries(
      PARAMETERS.flatMap((row) =>
        row.parameter ? [[row.prop, this.declare(row.parameter, row)]] : [],
      ),
    );
  }

  /** The actions of an alarm: the topic, if there is one. */
  alarmActions(): string[] {
    const actions = [this.props.alarmTopicArn];
    return Token.asList(Fn.conditionIf(has('AlarmTopicArn'), actions, Aws.NO_VALUE));
  }

  /**
   * A role's policies, as the template spells them, without what only a policy secret makes necessary
   * if none is given: only the deployment knows, and IAM refuses a statement whose resource is empty.
   */
  rolePolicies(policies: CfnRole.PolicyProperty[]): unknown[] {
    return policies.map(({ policyName, policyDocument }) => {
      const policy = { PolicyDocument: policyDocument, PolicyName: policyName };
      if (policyName !== POLICY_SECRET) return policy;
      return Fn.conditionIf(has('PolicySecret'), policy, Aws.NO_VALUE);
    });
  }

  /** Declares the parameter; returns its value. */
  private declare(id: string, row: Parameter): string | number | string[] {
    const parameter = new CfnParameter(this.stack, id, declaration(row));
    switch (row.type) {
      case 'list': {
        const own = stackValue(row);
        const items = Fn.split(',', parameter.valueAsString);
        const condition = this.unless(id, parameter.valueAsString, '');
        return Token.asList(Fn.conditionIf(condition, items, [own ? Fn.ref(own) : '']));
      }
      case 'number': {
        const value = parameter.valueAsNumber;
        if (!NONE_IF_ZERO.includes(row.prop)) return value;
        const condition = this.unless(id, value, 0);
        return Token.asNumber(Fn.conditionIf(condition, value, Aws.NO_VALUE));
      }
      default:
        if (row.default === '') this.unless(id, parameter.valueAsString, '');
        return parameter.valueAsString;
    }
  }

  private unless(id: string, value: string | number, none: string | number): string {
    const expression = Fn.conditionNot(Fn.conditionEquals(value, none));
    return new CfnCondition(this.stack, has(id), { expression }).logicalId;
  }
}

function has(parameter: string): string {
  return `Has${parameter}`;
}

function declaration(row: Parameter): CfnParameterProps {
  switch (row.type) {
    case 'list': {
      const { meaning, pattern, all, default: items } = row;
      const list = `${pattern}(,${pattern})*`;
      return {
        description: `${meaning} Comma-separated${all ? `; ${all} for all` : ''}. Empty: ${emptyText(row)}.`,
        // A String, not a CommaDelimitedList: every tool can compare it with the empty one, and the
        // pattern sees all of it.
        allowedPattern: all ? `^([${all}]|${list})?$` : `^(${list})?$`,
        constraintDescription: `expected ${expected(row)}, separated by commas without spaces`,
        default: stackValue(row) ? '' : String(items),
      };
    }
    case 'text':
      return {
        description: row.meaning,
        allowedPattern: `^(${row.pattern})${row.default === '' ? '?' : ''}$`,
        constraintDescription: `expected ${expected(row)}`,
        default: row.default,
      };
    case 'word':
      return { description: row.meaning, allowedValues: [...row.words], default: row.default };
    case 'number': {
      const { meaning, unit, range, numbers } = row;
      const limits = range
        ? { minValue: range[0], maxValue: range[1] }
        : { allowedValues: numbers?.map(String) };
      return {
        type: 'Number',
        description: `${meaning} ${range ? `${range.join(' to ')} ${unit}` : `In ${unit}`}.`,
        ...limits,
        // As an allowed value is written.
        default: range ? row.default : String(row.default),
      };
    }
  }
}

function emptyText(row: Parameter): string {
  return stackValue(row) ? defaultText(row) : 'none';
}
