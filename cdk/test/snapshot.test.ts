import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { templateWith } from './stacks';

const SNAPSHOT = new URL('ecr-admission.snapshot.yaml', import.meta.url);

test('the stack is that of the snapshot', () => {
  const text = stringify(templateWith().toJSON(), { lineWidth: 0, aliasDuplicateObjects: false });
  if (process.env['UPDATE_SNAPSHOT']) writeFileSync(SNAPSHOT, text);
  assert.equal(
    text,
    readFileSync(SNAPSHOT, 'utf8'),
    'the stack changed; to accept it, run UPDATE_SNAPSHOT=1 npm test and review the diff',
  );
});
