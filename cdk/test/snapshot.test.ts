import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { templateWith } from './stacks';

for (const [name, file, context] of [
  ['the stack', 'ecr-admission', {}],
  // Without the public API, by endpoint and by key: what the other combinations have is a part of these two.
  [
    'the private stack',
    'private',
    {
      vpcEndpointIds: 'vpce-0123456789abcdef0,vpce-0fedcba9876543210',
      vpcEndpointClusters: 'blue,green',
      publicEndpoint: false,
      urlKeys: true,
    },
  ],
] as const) {
  test(`${name} is that of the snapshot`, () => {
    const snapshot = new URL(`${file}.snapshot.yaml`, import.meta.url);
    const template = templateWith(context).toJSON();
    const text = stringify(template, { lineWidth: 0, aliasDuplicateObjects: false });
    if (process.env['UPDATE_SNAPSHOT']) writeFileSync(snapshot, text);
    assert.equal(
      text,
      readFileSync(snapshot, 'utf8'),
      'the stack changed; to accept it, run UPDATE_SNAPSHOT=1 npm test and review the diff',
    );
  });
}
