import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { README, TEMPLATE } from '../lib/generated';
import { PARAMETERS } from '../lib/parameters';
import { sarTemplate } from '../lib/sar-template';
import { ADMISSION_ROLE, POLICY_SECRET_ARN } from './stacks';

const text = sarTemplate();
const template = parse(text);

test('the template fits into a request to CloudFormation, without an S3 bucket', () => {
  assert.ok(Buffer.byteLength(text) < 51_200);
});

// The types of this template, each of which the Serverless Application Repository accepts (see its page
// "Supported AWS resources" before you add one).
const ACCEPTED = [
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::Role',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::SecretsManager::Secret',
  'AWS::Serverless::Function',
];

test('the template holds only resource types that the repository accepts', () => {
  const types = Object.values<any>(template.Resources).map((resource) => resource.Type);
  assert.deepEqual([...new Set(types)].sort(), ACCEPTED);
});

test('the metadata is what the repository accepts', () => {
  const metadata = template.Metadata['AWS::ServerlessRepo::Application'];
  assert.match(metadata.Author, /^[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?$/);
  assert.ok(metadata.Author.length <= 127);
  assert.ok(metadata.Description.length <= 256, `description: ${metadata.Description.length}`);
  assert.match(metadata.Name, /^[a-zA-Z0-9-]{1,140}$/);
  assert.ok(metadata.Labels.length <= 10);
  for (const label of metadata.Labels) assert.match(label, /^[a-zA-Z0-9+\-_:/@]{1,127}$/);
  assert.match(metadata.SemanticVersion, /^\d+\.\d+\.\d+$/);
  for (const file of [metadata.LicenseUrl, metadata.ReadmeUrl]) {
    assert.ok(existsSync(new URL(file, TEMPLATE)), `infra/${file}`);
  }
});

test('the version is that of the workspace', () => {
  const manifest = readFileSync(new URL('../Cargo.toml', TEMPLATE), 'utf8');
  const workspace = manifest.split('[workspace.package]')[1]!;
  const { SemanticVersion } = template.Metadata['AWS::ServerlessRepo::Application'];
  assert.match(workspace, new RegExp(`^version = "${SemanticVersion}"$`, 'm'));
  // The other places take theirs from there, or have none that could differ.
  const read = (file: string) => JSON.parse(readFileSync(new URL(file, TEMPLATE), 'utf8'));
  assert.equal(read('application.json').semanticVersion, undefined);
  assert.equal(read('../cdk/package.json').version, undefined);
});

test('the parameters are those of the table, of types that the repository accepts', () => {
  const names = PARAMETERS.flatMap(({ parameter }) => parameter ?? []);
  assert.deepEqual(Object.keys(template.Parameters), names);
  for (const [name, parameter] of Object.entries<any>(template.Parameters)) {
    assert.ok(['String', 'Number', 'CommaDelimitedList'].includes(parameter.Type), name);
    assert.ok(parameter.Default !== undefined, `${name} has a default`);
    assert.ok(parameter.Description, `${name} has a description`);
  }
});

test('throttling, reserved concurrency and the environment follow the parameters', () => {
  const find = (type: string, id: RegExp) =>
    Object.entries<any>(template.Resources).find(
      ([name, resource]) => resource.Type === type && id.test(name),
    )![1].Properties;
  assert.deepEqual(find('AWS::ApiGatewayV2::Stage', /./).DefaultRouteSettings, {
    ThrottlingBurstLimit: { Ref: 'StageThrottleBurst' },
    ThrottlingRateLimit: { Ref: 'StageThrottleRate' },
  });
  const admission = find('AWS::Serverless::Function', /^EcrAdmissionFunction/);
  assert.deepEqual(admission.Environment.Variables.MAX_IMAGES, { Ref: 'MaxImages' });
  assert.deepEqual(admission.ReservedConcurrentExecutions, {
    'Fn::If': [
      'HasAdmissionReservedConcurrency',
      { Ref: 'AdmissionReservedConcurrency' },
      { Ref: 'AWS::NoValue' },
    ],
  });
  assert.deepEqual(template.Conditions.HasAdmissionReservedConcurrency, {
    'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AdmissionReservedConcurrency' }, 0] }],
  });
});

test('the page of the application explains every parameter and every alarm', () => {
  const page = readFileSync(README, 'utf8');
  const alarms = Object.entries<any>(template.Resources)
    .filter(([, resource]) => resource.Type === 'AWS::CloudWatch::Alarm')
    .map(([id]) => /^EcrAdmissionAlarms(.+)[0-9A-F]{8}$/.exec(id)![1]!);
  assert.equal(alarms.length, 13);
  for (const name of [...Object.keys(template.Parameters), ...alarms]) {
    assert.match(page, new RegExp(`^\\|[^|]*\`${name}\`[^|]*\\|`, 'm'), name);
  }
});

test('the pattern of PolicySecret accepts what the CDK accepts', () => {
  const { AllowedPattern } = template.Parameters.PolicySecret;
  for (const accepted of ['', POLICY_SECRET_ARN])
    assert.match(accepted, new RegExp(AllowedPattern));
  for (const refused of [POLICY_SECRET_ARN.slice(0, -7), `${POLICY_SECRET_ARN}*`, 'policy']) {
    assert.doesNotMatch(refused, new RegExp(AllowedPattern));
  }
});

test('without a PolicySecret, the role grants no secret and no image config', () => {
  const roles = Object.entries<any>(template.Resources).filter(([id]) => ADMISSION_ROLE.test(id));
  const [[, role] = []] = roles;
  const policies = role.Properties.Policies.filter((policy: any) => !('PolicyName' in policy));
  const always = role.Properties.Policies.filter((policy: any) => 'PolicyName' in policy);
  const ecr = always[0].PolicyDocument.Statement.find((statement: any) =>
    statement.Action.includes('ecr:BatchGetImage'),
  );
  const secret = {
    Action: 'secretsmanager:GetSecretValue',
    Effect: 'Allow',
    Resource: { Ref: 'PolicySecret' },
  };
  const configs = { ...ecr, Action: 'ecr:GetDownloadUrlForLayer' };
  const given = {
    PolicyName: 'policySecret',
    PolicyDocument: { Statement: [secret, configs], Version: '2012-10-17' },
  };
  assert.deepEqual(policies, [{ 'Fn::If': ['HasPolicySecret', given, { Ref: 'AWS::NoValue' }] }]);
  assert.deepEqual(template.Conditions.HasPolicySecret, {
    'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'PolicySecret' }, ''] }],
  });
  assert.doesNotMatch(JSON.stringify(always), /secretsmanager|GetDownloadUrlForLayer/);
});

test('no output has the name of a parameter, or sam package would confuse them', () => {
  const outputs = Object.keys(template.Outputs);
  assert.deepEqual(
    outputs.filter((name) => name in template.Parameters),
    [],
  );
});

test('the template needs no CDK bootstrap', () => {
  assert.doesNotMatch(text, /BootstrapVersion|cdk-hnb659fds|AWS::CDK::Metadata|aws:cdk/);
});

test('the delimiter of every Fn::Join is a literal string, as CloudFormation requires', () => {
  const visit = (node: any): void => {
    if (node === null || typeof node !== 'object') return;
    if ('Fn::Join' in node) assert.equal(typeof node['Fn::Join'][0], 'string');
    Object.values(node).forEach(visit);
  };
  visit(template);
});
