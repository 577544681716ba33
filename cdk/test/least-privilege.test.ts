import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { App, SecretValue, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { EcrAdmission } from '../lib/ecr-admission';
import {
  ADMISSION_ROLE,
  anyCode,
  AUTHORIZER_ROLE,
  KEY_AUTHORIZER_ROLE,
  POLICY_SECRET_ARN,
  resources,
  statements,
  templateWith,
} from './stacks';

const policySecret = POLICY_SECRET_ARN;

const actions = (role: RegExp, template = templateWith()): string[] =>
  statements(template, role)
    .flatMap((statement) => statement['Action'])
    .sort();

const reading = (template: Template, role: RegExp) =>
  statements(template, role).filter((statement) =>
    JSON.stringify(statement['Action']).includes('secretsmanager'),
  );

// What ECR calls on behalf of the caller of DescribeImageScanFindings.
const ON_OUR_BEHALF = ['inspector2:ListCoverage', 'inspector2:ListFindings'];

test('the admission function has exactly the permissions that it uses', () => {
  const always = [
    'cloudwatch:PutMetricData',
    'ecr:BatchGetImage',
    'ecr:BatchGetRepositoryScanningConfiguration',
    'ecr:DescribeImageScanFindings',
    'ecr:DescribeRepositories',
    ...ON_OUR_BEHALF,
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ];
  assert.deepEqual(actions(ADMISSION_ROLE), always);
  const withPolicy = actions(ADMISSION_ROLE, templateWith({ policySecret }));
  const policyOnly = [
    'ecr:DescribeImageSigningStatus',
    'ecr:GetDownloadUrlForLayer',
    'secretsmanager:GetSecretValue',
  ];
  assert.deepEqual(withPolicy, [...always, ...policyOnly].sort());
});

test('findings of enhanced scanning may be read on every resource, as AWS documents', () => {
  const granted = statements(templateWith(), ADMISSION_ROLE).filter((statement) =>
    JSON.stringify(statement['Action']).includes('inspector2'),
  );
  assert.deepEqual(granted, [{ Action: ON_OUR_BEHALF, Effect: 'Allow', Resource: '*' }]);
});

test('the admission function may read the policy secret only, if there is one', () => {
  const statement = (secret: unknown) => ({
    Action: 'secretsmanager:GetSecretValue',
    Effect: 'Allow',
    Resource: secret,
  });
  for (const none of [{}, { policySecret: '' }]) {
    assert.deepEqual(reading(templateWith(none), ADMISSION_ROLE), []);
  }
  const given = templateWith({ policySecret });
  assert.deepEqual(reading(given, ADMISSION_ROLE), [statement(policySecret)]);
  const authorizers = reading(given, AUTHORIZER_ROLE);
  assert.deepEqual(authorizers, reading(templateWith(), AUTHORIZER_ROLE));

  // A secret of the same stack, whose ARN only the deployment knows.
  const stack = new Stack(new App(), 'Own');
  const secretStringValue = SecretValue.unsafePlainText('{}');
  const own = new Secret(stack, 'Policy', { secretStringValue });
  new EcrAdmission(stack, 'EcrAdmission', { code: anyCode(), policySecret: own.secretArn });
  assert.deepEqual(reading(Template.fromStack(stack), ADMISSION_ROLE), [
    statement({ Ref: stack.getLogicalId(own.node.defaultChild as any) }),
  ]);
});

test('each authorizer may read one secret, write its own log, and nothing else', () => {
  const template = templateWith({ urlKeys: true });
  const [secret] = Object.keys(resources(template, 'AWS::SecretsManager::Secret'));
  for (const [role, log] of [
    [AUTHORIZER_ROLE, /^EcrAdmissionAuthorizerLog/],
    [KEY_AUTHORIZER_ROLE, /^EcrAdmissionUrlKeysAuthorizerLog/],
  ] as const) {
    assert.deepEqual(actions(role, template), [
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
    ]);
    const [write, read] = statements(template, role).map((statement) => statement['Resource']);
    assert.match(write['Fn::GetAtt'][0], log);
    assert.deepEqual(read, { Ref: secret });
  }
});

// The operations in the sources, as IAM actions. Every SDK call is `client.operation().…`.
function calls(folder: string, prefixes: Record<string, string>): string[] {
  const root = fileURLToPath(new URL(`../../${folder}/src/`, import.meta.url));
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rs'))
    .flatMap((file) => [
      ...readFileSync(root + file, 'utf8').matchAll(
        /\.((batch|describe|get|list|put)_[a-z_]+)\(\)/g,
      ),
    ])
    .map(([, operation]) =>
      operation!.replace(/(^|_)([a-z])/g, (_, __, letter) => letter.toUpperCase()),
    );
  return [...new Set(found)].flatMap((name) =>
    prefixes[name] ? [`${prefixes[name]}:${name}`] : [name],
  );
}

test('the roles allow what the sources call', () => {
  const admission = calls('functions/admission', {
    BatchGetImage: 'ecr',
    BatchGetRepositoryScanningConfiguration: 'ecr',
    DescribeImageScanFindings: 'ecr',
    DescribeImageSigningStatus: 'ecr',
    DescribeRepositories: 'ecr',
    GetDownloadUrlForLayer: 'ecr',
    GetSecretValue: 'secretsmanager',
    PutMetricData: 'cloudwatch',
  });
  const authorizer = calls('authorizer', { GetSecretValue: 'secretsmanager' });
  const allowed = (role: RegExp) =>
    actions(role, templateWith({ policySecret })).filter((action) => !action.startsWith('logs:'));
  assert.deepEqual([...admission, ...ON_OUR_BEHALF].sort(), allowed(ADMISSION_ROLE));
  assert.deepEqual(authorizer.sort(), allowed(AUTHORIZER_ROLE));
});

test('no statement allows every action, or every resource without a reason', () => {
  const template = templateWith({ policySecret, urlKeys: true });
  for (const role of [ADMISSION_ROLE, AUTHORIZER_ROLE, KEY_AUTHORIZER_ROLE]) {
    for (const statement of statements(template, role)) {
      assert.equal(statement['Effect'], 'Allow');
      assert.equal(statement['NotAction'] ?? statement['NotResource'], undefined);
      for (const action of [statement['Action']].flat()) assert.doesNotMatch(action, /\*/);
      if (JSON.stringify(statement['Resource']) === '"*"') {
        // Actions without a resource: one that is limited to a namespace instead, and two that only read.
        if (statement['Action'] === 'cloudwatch:PutMetricData') {
          assert.deepEqual(statement['Condition'], {
            StringEquals: { 'cloudwatch:namespace': 'EcrAdmission' },
          });
        } else {
          assert.deepEqual(statement['Action'], ON_OUR_BEHALF);
        }
      }
    }
  }
});

test('ECR is read in the allowed accounts and Regions only', () => {
  const template = templateWith({
    registryIds: '123456789012,210987654321',
    registryRegions: 'eu-west-1,us-east-1',
    policySecret,
  });
  const ecr = statements(template, ADMISSION_ROLE).filter((statement) =>
    JSON.stringify(statement['Action']).includes('ecr:'),
  );
  const arn = (account: string) => ({
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:ecr:*:${account}:repository/*`]],
  });
  assert.equal(ecr.length, 1);
  for (const statement of ecr) {
    assert.deepEqual(statement['Resource'], [arn('123456789012'), arn('210987654321')]);
    assert.deepEqual(statement['Condition'], {
      StringEquals: { 'aws:RequestedRegion': ['eu-west-1', 'us-east-1'] },
    });
  }
});

test('only Lambda assumes the roles, and they have no managed policy', () => {
  const template = templateWith({ urlKeys: true });
  const roles = Object.values(resources(template, 'AWS::IAM::Role'));
  assert.equal(roles.length, 3);
  for (const { Properties } of roles) {
    assert.equal(Properties['ManagedPolicyArns'], undefined);
    const trust = Properties['AssumeRolePolicyDocument'].Statement;
    assert.deepEqual(
      trust.map((statement: any) => statement.Principal),
      [{ Service: 'lambda.amazonaws.com' }],
    );
  }
  template.resourceCountIs('AWS::IAM::Policy', 0);
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
});
