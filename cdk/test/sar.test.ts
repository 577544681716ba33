import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { README, TEMPLATE } from '../lib/generated';
import { PARAMETERS } from '../lib/parameters';
import { sarTemplate, synthesizedSar } from '../lib/templates';
import { shorter } from '../lib/shorter';
import { deployed } from './deployed';
import { ADMISSION_ROLE, POLICY_SECRET_ARN, templateWith } from './stacks';

const text = sarTemplate();
const template = parse(text);

test('CloudFormation takes the template from S3, where the repository keeps it', () => {
  // Its limit for a template in S3 is 1 MB.
  assert.ok(Buffer.byteLength(text) < 1_000_000, `${Buffer.byteLength(text)} bytes`);
});

const EVERYTHING = {
  UrlKeys: 'true',
  AllowedSources: '203.0.113.7/32,2001:db8::/56',
  RegistryIds: '111122223333,444455556666',
  RegistryRegion: 'eu-west-1,us-east-1',
  IgnoredNamespaces: '',
  PinNamespaces: 'shop,web',
  PolicySecret: POLICY_SECRET_ARN,
  AlarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:on-call',
  UrlKeyAuthorizerReservedConcurrency: '0',
};

test('the shorter template deploys what the CDK wrote', () => {
  const whole = synthesizedSar() as any;
  const short = shorter(whole);
  assert.ok(JSON.stringify(short).length < JSON.stringify(whole).length);
  const some: Record<string, string>[] = [{}, { UrlKeys: 'true' }, EVERYTHING];
  for (const parameters of some) {
    const [expected, got] = [deployed(whole, parameters), deployed(short, parameters)];
    for (const { resources } of [expected, got]) {
      for (const resource of Object.values<any>(resources)) {
        if (resource.Type === 'AWS::Logs::LogGroup') {
          assert.ok([undefined, 'Delete'].includes(resource.DeletionPolicy));
          delete resource.DeletionPolicy;
          delete resource.UpdateReplacePolicy;
        }
      }
    }
    assert.deepEqual(got, expected);
  }
});

// The CDK app's own template has the same parts, but no serverless functions.
const typesOf = (all: Record<string, any>) =>
  Object.values(all)
    .map(({ Type }) => Type.replace('Serverless', 'Lambda'))
    .sort();

test('without UrlKeys, nothing of them exists, and with them what the CDK deploys', () => {
  for (const [parameters, context, alarms] of [
    [{}, {}, 13],
    [{ UrlKeys: 'true' }, { urlKeys: true }, 15],
  ] as const) {
    const got = deployed(template, parameters).resources;
    const { Resources } = templateWith(context).toJSON();
    assert.deepEqual(typesOf(got), typesOf(Resources));
    const [dashboard] = Object.values<any>(got).filter(({ Type }) => /Dashboard/.test(Type));
    const [shown] = JSON.parse(dashboard.Properties.DashboardBody).widgets;
    assert.equal(new Set(shown.properties.alarms).size, alarms);
    for (const alarm of shown.properties.alarms) assert.match(alarm, /^<EcrAdmission\w+\.Arn>$/);
  }
  const off = deployed(template).resources;
  const [stage] = Object.values<any>(off).filter(({ Type }) => /Stage/.test(Type));
  assert.equal(stage.Properties.RouteSettings, undefined);
  assert.equal(stage.Properties.Description, undefined);
  assert.doesNotMatch(JSON.stringify(off), /EcrAdmissionUrlKeys|\{key\}/);
});

test('with UrlKeys, the stage throttles the two routes, and comes after them', () => {
  const on = deployed(template, { UrlKeys: 'true', UrlKeyThrottleRate: '70' }).resources;
  const of = (type: RegExp) => Object.entries<any>(on).filter(([, { Type }]) => type.test(Type));
  const [[, stage] = ['', undefined]] = of(/Stage/);
  const limit = { ThrottlingRateLimit: '70', ThrottlingBurstLimit: '1000' };
  assert.deepEqual(stage.Properties.RouteSettings, {
    'POST /validate/{key}': limit,
    'POST /mutate/{key}': limit,
  });
  const routes = of(/Route$/).filter(([, { Properties }]) => /\{key\}/.test(Properties.RouteKey));
  assert.equal(routes.length, 2);
  for (const [id] of routes) assert.ok(stage.Properties.Description.includes(`<${id}>`), id);
});

test('the source address is in the cache key of the bearer authorizer only if it is checked', () => {
  const sources = (parameters: Record<string, string>) =>
    Object.values<any>(deployed(template, parameters).resources).find(
      ({ Properties }) => Properties?.Name === 'bearer',
    ).Properties.IdentitySource;
  assert.deepEqual(sources({}), ['$request.header.Authorization']);
  assert.deepEqual(sources({ AllowedSources: '203.0.113.7/32' }), [
    '$request.header.Authorization',
    '$context.identity.sourceIp',
  ]);
});

test('both authorizers get the allowed sources', () => {
  const variables = Object.values<any>(deployed(template, EVERYTHING).resources)
    .filter(({ Type }) => Type === 'AWS::Serverless::Function')
    .map(({ Properties }) => Properties.Environment.Variables)
    .filter(({ TOKEN_SECRET_ARN }) => TOKEN_SECRET_ARN);
  assert.deepEqual(
    variables.map(({ ALLOWED_SOURCES, CALLER_KEY }) => [ALLOWED_SOURCES, CALLER_KEY]),
    [
      [EVERYTHING.AllowedSources, undefined],
      [EVERYTHING.AllowedSources, 'url'],
    ],
  );
});

test('the outputs repeat the parameters that the operator tools read', () => {
  const { outputs } = deployed(template, EVERYTHING);
  for (const name of [
    'RegistryIds',
    'RegistryRegion',
    'PolicySecret',
    'UrlKeys',
    'AllowedSources',
  ] as const) {
    assert.equal(outputs[`${name}InForce`], EVERYTHING[name]);
  }
  const { RegistryIdsInForce, RegistryRegionInForce, UrlKeysInForce } = deployed(template).outputs;
  assert.deepEqual(
    [RegistryIdsInForce, RegistryRegionInForce, UrlKeysInForce],
    ['123456789012', 'eu-west-1', 'false'],
  );
});

test('the pattern of a list accepts items between commas, and nothing else', () => {
  const { AllowedPattern } = template.Parameters.AllowedSources;
  for (const accepted of [
    '',
    '203.0.113.7/32',
    '0.0.0.0/0,::/0',
    '10.0.0.0/8,2001:db8::/32,2001:DB8:0:0:0:0:0:1/128',
  ]) {
    assert.match(accepted, new RegExp(AllowedPattern));
  }
  for (const refused of [
    '203.0.113.7',
    '203.0.113.256/32',
    '203.0.113.7/33',
    '203.0.113.07/32',
    '203.0.113/24',
    '2001:db8::/129',
    '2001:db8::',
    'nat.example.com/32',
    '10.0.0.0/8,',
    ',10.0.0.0/8',
    '10.0.0.0/8,,::/0',
    '10.0.0.0/8, ::/0',
    '10.0.0.0/8::/0',
  ]) {
    assert.doesNotMatch(refused, new RegExp(AllowedPattern), refused);
  }
  const { AllowedPattern: namespaces } = template.Parameters.PinNamespaces;
  for (const accepted of ['', '*', 'shop', 'shop,web'])
    assert.match(accepted, new RegExp(namespaces));
  for (const refused of ['shop,*', '*,shop', '**', 'shop,'])
    assert.doesNotMatch(refused, new RegExp(namespaces));
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
  'AWS::Serverless::Api',
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
  const names = PARAMETERS.flatMap(({ parameter, plainOnly }) =>
    parameter && !plainOnly ? [parameter] : [],
  );
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
    .map(([id]) => /^EcrAdmission(?:Alarms|Endpoint|Rest|UrlKeys)(.+)[0-9A-F]{8}$/.exec(id)![1]!);
  assert.equal(alarms.length, 18);
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

test('without a PolicySecret, the role grants no secret, no image config and no signing status', () => {
  const roles = Object.entries<any>(template.Resources).filter(([id]) => ADMISSION_ROLE.test(id));
  const [[id] = ['']] = roles;
  const policies = (parameters: Record<string, string>) =>
    deployed(template, parameters).resources[id].Properties.Policies;
  const [always, ...more] = policies({});
  assert.deepEqual(more, []);
  assert.doesNotMatch(
    JSON.stringify(always),
    /secretsmanager|GetDownloadUrlForLayer|DescribeImageSigningStatus/,
  );

  const [calls, policySecret] = policies({ PolicySecret: POLICY_SECRET_ARN });
  assert.deepEqual(policySecret.PolicyDocument.Statement, [
    { Action: 'secretsmanager:GetSecretValue', Effect: 'Allow', Resource: POLICY_SECRET_ARN },
  ]);
  let text = JSON.stringify(calls);
  for (const action of ['ecr:DescribeImageSigningStatus', 'ecr:GetDownloadUrlForLayer']) {
    assert.ok(text.includes(`,"${action}"`), action);
    text = text.replace(`,"${action}"`, '');
  }
  assert.equal(text, JSON.stringify(always));
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
