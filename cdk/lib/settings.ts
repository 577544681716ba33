import { Fn, Token } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { expected, PARAMETERS, type Parameter, type Single, stackValue } from './parameters';
import { checkDoors } from './doors';
import type { EcrAdmissionProps } from './props';
import { checkTopics } from './topics';

/** The props with their defaults filled in. */
export type Settings = Required<EcrAdmissionProps>;

/** Fills in the defaults; throws with the prop, what is expected and what it got. */
export function settingsOf(props: EcrAdmissionProps): Settings {
  const settings: Settings = {
    architecture: Architecture.ARM_64,
    ...defaults(),
    ...given(props),
  };
  for (const parameter of PARAMETERS) {
    const value = settings[parameter.prop];
    if (Token.isUnresolved(value)) continue;
    const wrong = firstWrong(parameter, value);
    if (wrong !== undefined) {
      const got = wrong === '' ? 'nothing' : JSON.stringify(wrong);
      throw new Error(`${parameter.prop}: expected ${expected(parameter)}, got ${got}`);
    }
  }
  checkDoors(settings);
  checkTopics(settings);
  return settings;
}

function defaults(): Required<Omit<EcrAdmissionProps, 'code' | 'architecture'>> {
  const value = (parameter: Parameter) => {
    const own = stackValue(parameter);
    return own ? [Fn.ref(own)] : parameter.default;
  };
  return Object.fromEntries(PARAMETERS.map((row) => [row.prop, value(row)])) as any;
}

// A prop that is present but undefined means its default, as it does everywhere in the CDK.
function given(props: EcrAdmissionProps): EcrAdmissionProps {
  const entries = Object.entries(props).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as EcrAdmissionProps;
}

// An empty list of what the stack has one of would allow nothing.
function firstWrong(parameter: Parameter, value: Single | string[]): Single | undefined {
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0) return stackValue(parameter) && '';
  if (parameter.type === 'list' && values.length === 1 && values[0] === parameter.all) return;
  return values.find((one) => !Token.isUnresolved(one) && !accepts(parameter, one));
}

/** Whether this is a value of the parameter, or an item of its list. */
export function accepts(parameter: Parameter, value: Single): boolean {
  switch (parameter.type) {
    case 'list':
      return matches(parameter.pattern, value);
    case 'text':
      return value === parameter.default || matches(parameter.pattern, value);
    case 'word':
      return parameter.words.some((word) => word === value);
    case 'number': {
      const { range: [least, most] = [-Infinity, Infinity], numbers } = parameter;
      const whole = Number.isInteger(value) ? Number(value) : NaN;
      return numbers ? numbers.includes(whole) : least <= whole && whole <= most;
    }
    case 'flag':
      return typeof value === 'boolean';
  }
}

function matches(pattern: string, value: Single): boolean {
  return new RegExp(`^(?:${pattern})$`).test(String(value));
}
