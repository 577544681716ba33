import {
  Aws,
  CfnCondition,
  CfnParameter,
  type CfnParameterProps,
  Fn,
  type IResolvable,
  type Stack,
  Token,
} from 'aws-cdk-lib';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import { POLICY_ACTIONS, POLICY_SECRET } from './functions';
import type { ParameterProps } from './parameter-props';
import { emptyText, expected, type Parameter, type Single, stackValue } from './parameters';
import type { Urgency } from './topics';

/** The settings whose 0 leaves the property out of the template. */
const NONE_IF_ZERO: readonly (keyof ParameterProps)[] = [
  'admissionReservedConcurrency',
  'authorizerReservedConcurrency',
  'urlKeyAuthorizerReservedConcurrency',
];

/** The settings as parameters of a template. */
export class TemplateParameters {
  /** The props whose values are the parameters. */
  readonly props: ParameterProps;

  constructor(
    private readonly stack: Stack,
    rows: readonly Parameter[],
  ) {
    this.props = Object.fromEntries(
      rows.flatMap((row) => (row.parameter ? [[row.prop, this.declare(row.parameter, row)]] : [])),
    );
  }

  /** The actions of an alarm: the topic for its urgency, if there is one. */
  alarmActions(urgency: Urgency): string[] {
    const { alarmTopicArn, ticketTopicArn } = this.props;
    const pages = Fn.conditionIf(has('AlarmTopicArn'), [alarmTopicArn], Aws.NO_VALUE);
    if (urgency === 'page') return Token.asList(pages);
    return Token.asList(Fn.conditionIf(has('TicketTopicArn'), [ticketTopicArn], pages));
  }

  /**
   * A role's policies, as the template spells them, without what only a policy secret makes necessary
   * if none is given: only the deployment knows, and IAM refuses a statement whose resource is empty.
   */
  rolePolicies(policies: CfnRole.PolicyProperty[]): unknown[] {
    const ifPolicySecret = (value: unknown) =>
      Fn.conditionIf(has('PolicySecret'), value, Aws.NO_VALUE);
    return policies.map(({ policyName, policyDocument }) => {
      const { Statement, ...document } = this.stack.resolve(policyDocument);
      for (const statement of Statement) {
        if (!POLICY_ACTIONS.some((action) => statement.Action.includes(action))) continue;
        statement.Action = statement.Action.map((action: string) =>
          POLICY_ACTIONS.includes(action) ? ifPolicySecret(action) : action,
        );
      }
      const policy = { PolicyDocument: { Statement, ...document }, PolicyName: policyName };
      return policyName === POLICY_SECRET ? ifPolicySecret(policy) : policy;
    });
  }

  /** What the bearer authorizer's results are cached by: the source address only if it is checked. */
  identitySources([header, ...more]: string[]): unknown {
    return this.ifGiven('AllowedSources', [header, ...more], [header]);
  }

  /** `value` with UrlKeys, else `none`. */
  ifUrlKeys(value: unknown, none: unknown = Aws.NO_VALUE): IResolvable {
    return this.ifGiven('UrlKeys', value, none);
  }

  /** `value` if the parameter is given, else `none`. */
  ifGiven(parameter: string, value: unknown, none: unknown = Aws.NO_VALUE): IResolvable {
    return Fn.conditionIf(this.given(parameter).logicalId, value, none);
  }

  /** Whether a flag is true, a word is not none, or anything else is not empty. */
  given(parameter: string): CfnCondition {
    const found = this.stack.node.tryFindChild(has(parameter));
    if (found) return found as CfnCondition;
    const expression = Fn.conditionNot(Fn.conditionEquals(Fn.ref(parameter), ''));
    return new CfnCondition(this.stack, has(parameter), { expression });
  }

  /** Whether both are. */
  both(id: string, one: string, other: string): CfnCondition {
    const expression = Fn.conditionAnd(this.given(one), this.given(other));
    return new CfnCondition(this.stack, id, { expression });
  }

  /** Declares the parameter; returns its value. */
  private declare(id: string, row: Parameter): Single | string[] {
    const parameter = new CfnParameter(this.stack, id, declaration(row));
    switch (row.type) {
      case 'list': {
        const own = stackValue(row);
        const items = Fn.split(',', parameter.valueAsString);
        if (!own) return items;
        const condition = this.unless(id, parameter.valueAsString, '');
        return Token.asList(Fn.conditionIf(condition, items, [Fn.ref(own)]));
      }
      case 'number': {
        const value = parameter.valueAsNumber;
        if (!NONE_IF_ZERO.includes(row.prop)) return value;
        const condition = this.unless(id, value, 0);
        return Token.asNumber(Fn.conditionIf(condition, value, Aws.NO_VALUE));
      }
      case 'flag': {
        // A function that reads the flag gets the parameter itself.
        if (row.variable) return true;
        const expression = Fn.conditionEquals(parameter.valueAsString, 'true');
        new CfnCondition(this.stack, has(id), { expression });
        // With all that there can be: the stack puts the condition on what only the flag makes necessary.
        return true;
      }
      case 'word':
        if (row.default === 'none') this.unless(id, parameter.valueAsString, 'none');
        return parameter.valueAsString;
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
  // Every alarm names this one twice.
  return parameter === 'AlarmTopicArn' ? 'Notify' : `Has${parameter}`;
}

function declaration(row: Parameter): CfnParameterProps {
  switch (row.type) {
    case 'list': {
      const { meaning, pattern, all, default: items } = row;
      // An item, then a comma that is not the end, or the end: the pattern stands in the template once.
      const list = `(${pattern}(,(?!$)|$))*`;
      return {
        description: `${meaning} Comma-separated${all ? `; ${all} for all` : ''}. Empty: ${emptyText(row)}.`,
        // A String, not a CommaDelimitedList: every tool can compare it with the empty one, and the
        // pattern sees all of it.
        allowedPattern: all ? `^([${all}]|${list})$` : `^${list}$`,
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
    case 'flag':
      return {
        description: row.meaning,
        allowedValues: ['true', 'false'],
        default: String(row.default),
      };
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
