import { readFileSync } from 'node:fs';
import type { ParameterProps } from './parameter-props';

/** A row of infra/parameters.json, the one table of everything that can be set. */
export type Parameter = {
  /** In the templates; without one, it is for the CDK only. */
  readonly parameter?: string;
  /** In infra/cloudformation.yaml, and not in the template for the Serverless Application Repository. */
  readonly plainOnly?: boolean;
  /** In the construct's props, and in the context of `cdk deploy`. */
  readonly prop: keyof ParameterProps;
  /** In the environment of `functions`. */
  readonly variable?: string;
  readonly functions?: readonly FunctionName[];
  /** What it does, in the words of every page and description. */
  readonly meaning: string;
  /** Where infra/README.md says more. */
  readonly section?: string;
  /** For maintainers: why this default or pattern. */
  readonly why?: string;
} & (List | Text | Word | WholeNumber | Flag);

export type FunctionName = 'admission' | 'authorizer';

/** A list whose every item matches. */
export interface List {
  readonly type: 'list';
  readonly pattern: string;
  /** The item that stands for all, alone in its list. */
  readonly all?: string;
  readonly example: string;
  /** What an empty list stands for, if not for none and not for a value of the stack. */
  readonly empty?: string;
  /** Its items, or the value of the stack that an empty list stands for. */
  readonly default: readonly string[] | StackValue;
}

/** Matches, or is empty if the default is. */
export interface Text {
  readonly type: 'text';
  readonly pattern: string;
  readonly example: string;
  readonly default: string;
}

export interface Word {
  readonly type: 'word';
  readonly words: readonly string[];
  readonly default: string;
}

/** In a range, ends included, or one of a few. */
export interface WholeNumber {
  readonly type: 'number';
  readonly unit: string;
  readonly range?: readonly [number, number];
  readonly numbers?: readonly number[];
  readonly default: number;
}

export interface Flag {
  readonly type: 'flag';
  readonly default: boolean;
}

/** A setting that is not a list: an item of one. */
export type Single = string | number | boolean;

const STACK_VALUES = {
  'AWS::Region': "the stack's Region",
  'AWS::AccountId': "the stack's account",
};

export type StackValue = keyof typeof STACK_VALUES;

/** Where the table is. */
const TABLE = new URL('../../infra/parameters.json', import.meta.url);

export const PARAMETERS: readonly Parameter[] = JSON.parse(readFileSync(TABLE, 'utf8'));

/** The value of the stack that an empty list stands for, if it does. */
export function stackValue(parameter: Parameter): StackValue | undefined {
  const value = parameter.type === 'list' ? parameter.default : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The default for people: `60`, `kube-system`, `none`, `the stack's Region`. */
export function defaultText(parameter: Parameter): string {
  const literal = stackValue(parameter) ? '' : String(parameter.default);
  return literal || emptyText(parameter);
}

/** What an empty list or text stands for. */
export function emptyText(parameter: Parameter): string {
  const own = stackValue(parameter);
  if (own) return STACK_VALUES[own];
  return (parameter.type === 'list' && parameter.empty) || 'none';
}

/** Completes "expected …". */
export function expected(parameter: Parameter): string {
  switch (parameter.type) {
    case 'list':
      return `items like ${parameter.example}${parameter.all ? `, or ${parameter.all} alone` : ''}`;
    case 'text':
      return `${parameter.default === '' ? 'nothing, or ' : ''}a value like ${parameter.example}`;
    case 'word':
      return alternatives(parameter.words);
    case 'number':
      return parameter.range
        ? `a whole number of ${parameter.unit} from ${parameter.range.join(' to ')}`
        : `${alternatives(parameter.numbers ?? [])} ${parameter.unit}`;
    case 'flag':
      return 'true or false';
  }
}

function alternatives(words: readonly (string | number)[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
