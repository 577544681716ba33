import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { plainTemplate, sarTemplate } from '../lib/templates';
import { deployed } from './deployed';
import { resources, templateWith } from './stacks';

const TEMPLATES = { application: parse(sarTemplate()), plain: parse(plainTemplate()) };

/** By logical id: the two policies of each log group. */
const policies = (all: Record<string, any>): Record<string, unknown[]> =>
  Object.fromEntries(
    Object.entries(all)
      .filter(([, { Type }]) => Type === 'AWS::Logs::LogGroup')
      .map(([id, { DeletionPolicy, UpdateReplacePolicy }]) => [
        id,
        [DeletionPolicy, UpdateReplacePolicy],
      ]),
  );

test('in the CDK, keepLogs keeps the same log groups', () => {
  const logs = (context: Record<string, unknown>) =>
    policies(resources(templateWith({ urlKeys: true, ...context }), 'AWS::Logs::LogGroup'));
  const [dropped, kept] = [logs({}), logs({ keepLogs: true })];
  assert.equal(Object.keys(dropped).length, 4);
  assert.deepEqual(Object.keys(kept), Object.keys(dropped));
  for (const one of Object.values(dropped)) assert.deepEqual(one, ['Delete', 'Delete']);
  // Not where the creation of the stack is rolled back: nothing is in them then.
  for (const one of Object.values(kept)) assert.deepEqual(one, ['RetainExceptOnCreate', 'Retain']);
});

for (const [name, template] of Object.entries(TEMPLATES)) {
  for (const urlKeys of ['false', 'true']) {
    const given = { CodeBucket: 'releases', UrlKeys: urlKeys, LogRetentionDays: '400' };
    const [dropped, kept] = ['false', 'true'].map((KeepLogs) =>
      deployed(template, { ...given, KeepLogs }),
    );

    test(`${name}, UrlKeys ${urlKeys}: each log group is one that is deleted, or one that stays`, () => {
      const [first, second] = [policies(dropped!.resources), policies(kept!.resources)];
      const ids = Object.keys(first);
      assert.equal(ids.length, urlKeys === 'true' ? 4 : 3);
      // CloudFormation deletes what has no policy.
      for (const one of Object.values(first)) assert.deepEqual(one, [undefined, undefined]);
      assert.deepEqual(Object.keys(second).sort(), ids.map((id) => `${id}Kept`).sort());
      for (const one of Object.values(second)) {
        assert.deepEqual(one, ['RetainExceptOnCreate', 'Retain']);
      }
      for (const id of ids) {
        const properties = dropped!.resources[id].Properties;
        assert.deepEqual(properties, { RetentionInDays: '400' });
        assert.deepEqual(kept!.resources[`${id}Kept`].Properties, properties);
      }
    });

    test(`${name}, UrlKeys ${urlKeys}: functions, roles, filters and dashboard use the logs that exist`, () => {
      // But for the names of the logs, and the number of the settings, the two are one.
      const log = /<(EcrAdmission\w*?Log[0-9A-F]{8})Kept/g;
      const others = (all: Record<string, any>) =>
        Object.fromEntries(
          Object.entries(all).filter(([, { Type }]) => Type !== 'AWS::Logs::LogGroup'),
        );
      const text = JSON.stringify(others(kept!.resources));
      assert.ok([...text.matchAll(log)].length > 10);
      assert.deepEqual(JSON.parse(text.replace(log, '<$1')), others(dropped!.resources));
    });
  }
}
