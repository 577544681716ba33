import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generated } from '../lib/generated';

for (const { file, text } of generated()) {
  test(`${file.pathname.split('/').slice(-2).join('/')} is current`, () => {
    assert.equal(readFileSync(file, 'utf8'), text, 'out of date; run: cd cdk && npm run generate');
  });
}
