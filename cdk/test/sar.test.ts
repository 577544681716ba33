import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { sarTemplate, TEMPLATE } from '../lib/sar-template';
import { ADMISSION_ROLE, POLICY_SECRET_ARN } from './stacks';

const text = sarTemplate();
const template = parse(text);

test('infra/template.yaml is what the CDK app synthesises', () => {
  const committed = readFileSync(TEMPLATE, 'utf8');
  assert.equal(committed, text, 'infra/template.yaml is out of date; run: cd cdk && npm run sar');
});

// What the Serverless Application Repository accepts (docs: "Supported AWS resources"), as far as this
// template needs it: a new type must be looked up there before it is added here.
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
  const { SemanticVersion } = template.Metadata['AWS::ServerlessRepo::Application'];
  assert.ok(manifest.includes(`version = "${SemanticVersion}"`));
});

test('the parameters are those of the product, of types that the repository accepts', () => {
  assert.deepEqual(Object.keys(template.Parameters).sort(), [
    'AdmissionReservedConcurrency',
    'AlarmTopicArn',
    'AuthorizerCacheSeconds',
    'AuthorizerReservedConcurrency',
    'CacheSeconds',
    'IgnoredNamespaces',
    'LogLevel',
    'LogRetentionDays',
    'MaxImages',
    'MetricsNamespace',
    'PinNamespaces',
    'PolicySecret',
    'QuietHours',
    'RegistryIds',
    'RegistryRegion',
    'Rewrites',
    'SeverityLimit',
    'StageThrottleBurst',
    'StageThrottleRate',
    'TokenOverlapHours',
  ]);
  for (const [name, parameter] of Object.entries<any>(template.Parameters)) {
    assert.ok(['String', 'Number', 'CommaDelimitedList'].includes(parameter.Type), name);
    assert.ok(parameter.Default !== undefined, `${name} has a default`);
    assert.ok(parameter.Description, `${name} has a description`);
  }
});

test('throttle, concurrency and images are those of the parameters', () => {
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
  const page = readFileSync(new URL('README.md', TEMPLATE), 'utf8');
  const alarms = Object.entries<any>(template.Resources)
    .filter(([, resource]) => resource.Type === 'AWS::CloudWatch::Alarm')
    .map(([id]) => /^EcrAdmissionAlarms(.+)[0-9A-F]{8}$/.exec(id)![1]!);
  assert.equal(alarms.length, 13);
  for (const name of [...Object.keys(template.Parameters), ...alarms]) {
    assert.match(page, new RegExp(`^\\|[^|]*\`${name}\`[^|]*\\|`, 'm'), name);
  }
});

test('the pattern of PolicySecret takes what the CDK takes', () => {
  const { AllowedPattern } = template.Parameters.PolicySecret;
  for (const taken of ['', POLICY_SECRET_ARN]) assert.match(taken, new RegExp(AllowedPattern));
  for (const refused of [POLICY_SECRET_ARN.slice(0, -7), `${POLICY_SECRET_ARN}*`, 'policy']) {
    assert.doesNotMatch(refused, new RegExp(AllowedPattern));
  }
});

test('without a PolicySecret, the role says nothing of secrets or image configs', () => {
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

test('no output has the name of a parameter, which sam package would take it for', () => {
  const outputs = Object.keys(template.Outputs);
  assert.deepEqual(
    outputs.filter((name) => name in template.Parameters),
    [],
  );
});

test('nothing in it needs a CDK bootstrap', () => {
  assert.doesNotMatch(text, /BootstrapVersion|cdk-hnb659fds|AWS::CDK::Metadata|aws:cdk/);
});

test('the delimiter of every Fn::Join is a plain text, as CloudFormation demands', () => {
  const visit = (node: any): void => {
    if (node === null || typeof node !== 'object') return;
    if ('Fn::Join' in node) assert.equal(typeof node['Fn::Join'][0], 'string');
    Object.values(node).forEach(visit);
  };
  visit(template);
});
