import { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { builtCode } from './code';
import { expected, PARAMETERS, type Parameter, type Single } from './parameters';
import type { EcrAdmissionCode, EcrAdmissionProps } from './props';

const KEYS = ['stackName', 'architecture', ...PARAMETERS.map(({ prop }) => prop)];

/**
 * The construct's props as `cdk deploy -c NAME=VALUE` or cdk.json give them; lists are separated by
 * commas. An unknown name is refused: a misspelled `severityLimit` must not pass for the default.
 */
export function propsFromContext(
  scope: Construct,
  code: (architecture: Architecture) => EcrAdmissionCode = builtCode,
): EcrAdmissionProps {
  const context: Record<string, unknown> = scope.node.getAllContext();
  for (const key of Object.keys(context)) {
    // The CDK's own keys hold a colon or a slash.
    if (!/[:/]/.test(key) && !KEYS.includes(key)) {
      throw new Error(`context: expected one of ${KEYS.join(', ')}, got "${key}"`);
    }
  }
  const architecture = architectureOf(context['architecture'] ?? 'arm64');
  const parameters = PARAMETERS.filter(({ prop }) => context[prop] !== undefined);
  return {
    code: code(architecture),
    architecture,
    ...Object.fromEntries(
      parameters.map((parameter) => [
        parameter.prop,
        parse(parameter, String(context[parameter.prop]).trim()),
      ]),
    ),
  };
}

function architectureOf(name: unknown): Architecture {
  switch (name) {
    case 'arm64':
      return Architecture.ARM_64;
    case 'x86_64':
      return Architecture.X86_64;
    default:
      throw new Error(`architecture: expected arm64 or x86_64, got "${name}"`);
  }
}

function parse(parameter: Parameter, text: string): Single | string[] {
  switch (parameter.type) {
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'number':
      if (!/^[0-9]+$/.test(text)) throw unexpected(parameter, text);
      return Number(text);
    case 'flag':
      if (!/^(true|false)$/.test(text)) throw unexpected(parameter, text);
      return text === 'true';
    default:
      return text;
  }
}

function unexpected(parameter: Parameter, text: string): Error {
  return new Error(`${parameter.prop}: expected ${expected(parameter)}, got "${text}"`);
}
