import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { namesIn, reached, withoutImplied } from '../lib/depends-on';
import { plainTemplate, sarTemplate } from '../lib/templates';
import { templateWith } from './stacks';

/** What each resource refers to, or names in its DependsOn. */
function before(template: any): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries<any>(template.Resources).map(([id, { DependsOn = [], ...resource }]) => [
      id,
      [...namesIn(resource), ...[DependsOn].flat()],
    ]),
  );
}

test('the templates keep every order that the CDK states', () => {
  const all = { urlKeys: true, vpcEndpointIds: 'vpce-01234567', policySecret: '' };
  const { Resources } = templateWith(all).toJSON();
  const stated = Object.entries<any>(Resources).flatMap(([id, { DependsOn = [] }]) =>
    [DependsOn].flat().map((on: string) => [id, on] as const),
  );
  // The stage of the HTTP API needs the routes that its settings name.
  assert.ok(stated.some(([id, on]) => /Stage/.test(id) && /UrlKeysvalidate/.test(on)));
  for (const text of [sarTemplate(), plainTemplate()]) {
    const order = before(parse(text));
    for (const [id, on] of stated) assert.ok(reached(order, id).has(on), `${id} comes after ${on}`);
  }
});

test('a DependsOn goes only where a reference says the same', () => {
  const Resources = {
    Api: {},
    Function: { Properties: { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
    Role: { Properties: { Name: { 'Fn::Sub': 'of-${Api}-${!Other}' } } },
    Other: {},
    Deployment: { Properties: { RestApiId: { Ref: 'Api' } }, DependsOn: ['Api', 'Other'] },
    Stage: {
      Properties: { Description: { 'Fn::Sub': ['${A}', { A: { Ref: 'Function' } }] } },
      DependsOn: 'Api',
    },
  };
  assert.deepEqual(withoutImplied({ Resources }).Resources, {
    ...Resources,
    Deployment: { Properties: { RestApiId: { Ref: 'Api' } }, DependsOn: ['Other'] },
    Stage: { Properties: Resources.Stage.Properties },
  });
});
