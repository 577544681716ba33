import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { README } from '../lib/generated';
import { PARAMETERS } from '../lib/parameters';
import { accepts } from '../lib/settings';

const names = (of: 'parameter' | 'prop' | 'variable') => PARAMETERS.flatMap((row) => row[of] ?? []);

test('a setting has one name, in the case of each place', () => {
  for (const { parameter, prop, variable } of PARAMETERS) {
    // The parameter of the SAR application is singular; the prop is a list of the CDK.
    const name = parameter === 'RegistryRegion' ? 'registryRegion' : prop;
    if (parameter) assert.equal(name, parameter[0]!.toLowerCase() + parameter.slice(1));
    if (variable) assert.equal(variable, name.replace(/[A-Z]/g, '_$&').toUpperCase());
  }
  for (const all of [names('parameter'), names('prop'), names('variable')]) {
    assert.equal(new Set(all).size, all.length);
  }
});

test('a variable goes to a function, and only a variable does', () => {
  for (const { prop, variable, functions = [] } of PARAMETERS) {
    assert.equal(variable !== undefined, functions.length > 0, prop);
    for (const name of functions) assert.match(name, /^(admission|authorizer)$/);
  }
});

test('every default and example is accepted', () => {
  for (const row of PARAMETERS) {
    const values =
      row.type === 'list' ? (typeof row.default === 'string' ? [] : row.default) : [row.default];
    const examples = row.type === 'list' || row.type === 'text' ? [row.example] : [];
    for (const value of [...values, ...examples])
      assert.ok(accepts(row, value), `${row.prop}: ${value}`);
  }
});

test('a meaning is one or more sentences', () => {
  for (const { prop, meaning } of PARAMETERS) assert.match(meaning, /^[A-Z].*\.$/, prop);
});

test('every section that the table names is in infra/README.md', () => {
  const headings = readFileSync(README, 'utf8').matchAll(/^#+ (.+)$/gm);
  const anchors = [...headings].map(([, text]) => text!.toLowerCase().replaceAll(' ', '-'));
  for (const { section } of PARAMETERS) if (section) assert.ok(anchors.includes(section), section);
});

test('logs are kept for a number of days that CloudWatch Logs accepts', () => {
  const row = PARAMETERS.find(({ prop }) => prop === 'logRetentionDays');
  const days = Object.values(RetentionDays).filter(
    (value) => typeof value === 'number' && value <= RetentionDays.TEN_YEARS,
  );
  assert.deepEqual(row?.type === 'number' && row.numbers, days);
});
