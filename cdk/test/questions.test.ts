import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Question, QUESTIONS } from '../lib/questions';
import { only, templateWith } from './stacks';

const source = (file: string) =>
  readFileSync(new URL(`../../functions/admission/${file}`, import.meta.url), 'utf8');

/**
 * The log lines of reviews as functions/admission/tests/reviews/log.rs expects them, character by character:
 * Rust's format strings, with what they insert replaced.
 */
function reviewLines(): Record<string, any>[] {
  const text = source('tests/reviews/log.rs');
  const [pod, owner, nothing] = ['pod', 'owner', 'nothing'].map((name) => {
    const [, value] = new RegExp(`let ${name} = (?:format!\\(\\s*)?r#"(.*)"#`).exec(text)!;
    return value!;
  });
  const inserted: Record<string, string> = {
    subject: '"uid":"1","cluster":"blue","via":"header"',
    no_calls:
      '"images":[],"images_omitted":0,"not_inspected":null,"registry_calls":0,"throttled":0,"cache_hits":0',
    pod: pod!,
    owner: owner!,
    nothing: nothing!,
  };
  const fill = (format: string): string =>
    format.replace(/\{\{|\}\}|\{(\w+)\}/g, (found, name) =>
      name ? fill(inserted[name] ?? name) : found[0]!,
    );
  const formats = [...text.matchAll(/^ +r#"("level":"[A-Z]+","event":"review.*)"#,?$/gm)];
  assert.ok(formats.length >= 4);
  return formats.map(([, format]) => JSON.parse(`{${fill(format!)}}`));
}

/** What CloudWatch Logs Insights makes of these lines: as much of its language as the queries use. */
function answer({ queryLines }: Question, lines: Record<string, any>[]): Record<string, any>[] {
  let rows: Record<string, any>[] = lines.map((line) => ({
    ...line,
    '@message': JSON.stringify(line),
    '@timestamp': 1,
  }));
  for (const command of queryLines) {
    const [verb, rest] = [command.split(' ')[0]!, command.slice(command.indexOf(' ') + 1)];
    if (verb === 'filter') {
      const [, name, operator, values] = /^(\S+) (in|=) (.+)$/.exec(rest)!;
      const accepted = [JSON.parse(values!)].flat();
      assert.ok(accepted.length === 1 || operator === 'in', command);
      rows = rows.filter((row) => accepted.includes(value(row, name!)));
    } else if (verb === 'fields') {
      rows = rows.map((row) => ({ ...row, ...columns(row, rest) }));
    } else if (verb === 'unnest') {
      const [list, item] = rest.split(' into ');
      rows = rows.flatMap((row) =>
        value(row, list!).map((one: unknown) => ({ ...row, [item!]: one })),
      );
    } else if (verb === 'stats') {
      const [counted, by] = rest.split(' by ');
      const groups: Record<string, number> = {};
      for (const row of rows) {
        const key = JSON.stringify(columns(row, by!));
        groups[key] = (groups[key] ?? 0) + 1;
      }
      const [, count] = / as (\w+),/.exec(counted!)!;
      rows = Object.entries(groups).map(([key, times]) => ({
        ...JSON.parse(key),
        [count!]: times,
      }));
    } else {
      assert.match(command, /^(sort \w+ desc|limit 100)$/);
    }
  }
  return rows;
}

/** The columns that a list such as `a, coalesce(b, c) as d` names; a field that no line has is an error. */
function columns(row: Record<string, any>, list: string): Record<string, any> {
  const parts = list.split(/, (?![^(]*\))/);
  return Object.fromEntries(
    parts.map((part) => {
      const [what, alias] = part.split(' as ');
      const [, call, names] = /^(\w+)\((.+)\)$/.exec(what!) ?? [];
      if (call === 'jsonParse') return [alias, JSON.parse(value(row, names!))];
      const found = (names ?? what!).split(', ').map((name) => value(row, name));
      return [alias ?? what, found.find((one) => one != null) ?? null];
    }),
  );
}

function value(row: Record<string, any>, path: string): any {
  return path.split('.').reduce((at, name) => {
    if (at == null) return null;
    assert.ok(name in at || KNOWN.includes(name), `${path} is not in the log line`);
    return at[name];
  }, row as any);
}

// Of other events than a review; the test of the causes checks that the sources have them.
const KNOWN = ['operation', 'cause', 'error'];

const [wouldBeDenied, denied, causes] = QUESTIONS as [Question, Question, Question];

test('what would be denied is in the log, by cluster, namespace, owner and rule', () => {
  assert.deepEqual(answer(wouldBeDenied, reviewLines()), [
    {
      cluster: 'blue',
      namespace: 'shop',
      ownerKind: 'ReplicaSet',
      ownerName: 'pay-5d9',
      'violation.rule': 'tag-immutability',
      'violation.mode': 'warn',
      reviews: 1,
    },
    {
      cluster: 'blue',
      namespace: 'shop',
      ownerKind: 'ReplicaSet',
      ownerName: 'pay-5d9',
      'violation.rule': 'scan-findings',
      'violation.mode': 'audit',
      reviews: 1,
    },
    {
      cluster: 'blue',
      namespace: 'shop',
      ownerKind: 'apps/v1 Deployment',
      ownerName: 'p',
      'violation.rule': 'scan-findings',
      'violation.mode': 'warn',
      reviews: 1,
    },
  ]);
});

test('each rule that denied is in the log, by namespace and owner', () => {
  const by = { cluster: 'blue', namespace: 'shop', ownerKind: 'v1 Pod', ownerName: 'p' };
  assert.deepEqual(answer(denied, reviewLines()), [
    { ...by, rule: 'ecr-registry', reviews: 1 },
    { ...by, rule: 'tag-immutability', reviews: 1 },
  ]);
});

test('the causes of what could not be evaluated are events and fields that the function logs', () => {
  const [, listed] = /^filter event in (.+)$/.exec(causes.queryLines[0]!)!;
  const codes = [...source('src/events.rs').matchAll(/Event::new\("(\w+)"\)/g)].map(
    ([, code]) => code!,
  );
  for (const event of JSON.parse(listed!)) assert.ok(codes.includes(event), event);
  const fields = ['src/ecr/call.rs', 'src/ecr/config.rs', 'src/policy_copy.rs', 'src/record.rs']
    .flatMap((file) => [...source(file).matchAll(/^struct \w+(?:<'a>)? \{([^}]*)\}/gm)])
    .map(([, body]) => body!);
  for (const name of KNOWN) {
    assert.ok(
      fields.some((body) => body.includes(` ${name}: `)),
      name,
    );
  }
  const failed = { event: 'ecr_call_failed', operation: 'o', cause: 'c', error: 'e', message: 'm' };
  const read = { event: 'policy_unavailable', error: 'e', message: 'm' };
  assert.deepEqual(answer(causes, [failed, read, read, { event: 'review' }]), [
    { event: 'ecr_call_failed', operation: 'o', reason: 'c', lines: 1 },
    { event: 'policy_unavailable', operation: null, reason: 'e', lines: 2 },
  ]);
});

test('the dashboard asks each question of the log of the admission function', () => {
  const body = only(templateWith(), 'AWS::CloudWatch::Dashboard').Properties['DashboardBody'];
  const text = JSON.stringify(body).replaceAll('\\', '');
  for (const { title, queryLines } of QUESTIONS) {
    assert.ok(text.includes(`"title":"${title}"`), title);
    assert.ok(text.includes(queryLines.join('n| ').replaceAll('\\', '')), title);
  }
});
