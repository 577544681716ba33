import { Fn, Tokenization } from 'aws-cdk-lib';
import { type FunctionName, PARAMETERS, type Single } from './parameters';
import type { Settings } from './settings';

/** The environment variables by which a function gets its parameters. */
export function environmentOf(name: FunctionName, settings: Settings): Record<string, string> {
  return Object.fromEntries(
    PARAMETERS.flatMap(({ variable, functions, prop }) =>
      variable && functions?.includes(name) ? [[variable, textOf(settings[prop])]] : [],
    ),
  );
}

/** A setting as text, as the functions read it and as the outputs show it. */
export function textOf(value: Single | string[]): string {
  if (typeof value === 'number') return Tokenization.stringifyNumber(value);
  if (!Array.isArray(value)) return String(value);
  return value.length === 0 ? '' : Fn.join(',', value);
}
