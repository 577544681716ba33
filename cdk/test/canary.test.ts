import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { CONFIGURATIONS } from '../lib/canary-words';
import { PARAMETERS } from '../lib/parameters';
import { plainTemplate, sarTemplate, workspaceVersion } from '../lib/templates';
import { deployed } from './deployed';
import { templateWith } from './stacks';

const WORD = 'canary-10-percent-5-minutes';
const PRIVATE = { VpcEndpointIds: 'vpce-0123456789abcdef0' };
const TYPES = /^AWS::(Lambda::(Alias|Version)|CodeDeploy::.*|AppConfig::.*)$/;

const plain = parse(plainTemplate());
type Resources = Record<string, any>;

const fromTemplate = (parameters: Record<string, string>): Resources =>
  deployed(plain, { CodeBucket: 'releases', ...parameters }).resources;
const fromCdk = (context: Record<string, unknown>): Resources =>
  deployed({ ...templateWith(context).toJSON(), Rules: {} }).resources;

const EVERYWHERE: [string, Resources][] = [
  ['CDK', fromCdk({ canary: WORD, urlKeys: true, ...{ vpcEndpointIds: PRIVATE.VpcEndpointIds } })],
  ['template', fromTemplate({ Canary: WORD, UrlKeys: 'true', ...PRIVATE })],
];

const ofType = (resources: Resources, type: RegExp): [string, any][] =>
  Object.entries(resources).filter(([, { Type }]) => type.test(Type));

test('the words are those that CodeDeploy has a configuration for', () => {
  const row = PARAMETERS.find(({ prop }) => prop === 'canary')!;
  assert.deepEqual((row as any).words, ['none', ...Object.keys(CONFIGURATIONS)]);
  for (const [word, configuration] of Object.entries(CONFIGURATIONS)) {
    const [, kind, , count, unit] = /^(\w+)-(10)-percent-(?:every-)?(?:(\d+)-)?(minutes?)$/.exec(
      word,
    )!;
    assert.equal(
      configuration,
      kind === 'canary'
        ? `CodeDeployDefault.LambdaCanary10Percent${count}Minutes`
        : `CodeDeployDefault.LambdaLinear10PercentEvery${count ?? 1}Minute${unit === 'minute' ? '' : 's'}`,
    );
    const groups = ofType(fromTemplate({ Canary: word }), /::DeploymentGroup$/);
    assert.deepEqual(
      groups.map(([, { Properties }]) => Properties.DeploymentConfigName),
      [configuration, configuration],
    );
  }
});

test('without a canary, nothing of it exists, and the API calls the functions', () => {
  for (const resources of [
    fromCdk({}),
    fromTemplate({}),
    fromTemplate({ UrlKeys: 'true', ...PRIVATE }),
  ]) {
    assert.deepEqual(ofType(resources, TYPES), []);
    assert.doesNotMatch(JSON.stringify(resources), /SETTINGS_RECORD|:live|<\w*Live/);
  }
  // The repository takes no AppConfig.
  assert.doesNotMatch(sarTemplate(), /Canary|AppConfig|CodeDeploy|AWS::Lambda::(Alias|Version)/);
});

for (const [name, resources] of EVERYWHERE) {
  const aliases = ofType(resources, /::Alias$/);

  test(`${name}: every call and every permission is that of an alias`, () => {
    assert.equal(aliases.length, 3);
    for (const [, { Properties }] of aliases) assert.equal(Properties.Name, 'live');
    const called = ofType(resources, /::(Integration|Authorizer|RestApi|Permission)$/);
    for (const [id, { Properties }] of called) {
      const found = JSON.stringify(Properties).match(/<EcrAdmission\w*(Function|Live)[^>]*>/g)!;
      assert.ok(found, id);
      for (const one of found)
        assert.ok(
          aliases.some(([alias]) => one === `<${alias}>`),
          `${id}: ${one}`,
        );
    }
  });

  test(`${name}: an alias changes by a deployment that its alarms stop and roll back`, () => {
    const applications = ofType(resources, /CodeDeploy::Application$/);
    assert.equal(applications.length, 1);
    assert.equal(applications[0]![1].Properties.ComputePlatform, 'Lambda');
    for (const [id, { Properties, UpdatePolicy, DependsOn }] of aliases) {
      const { ApplicationName, DeploymentGroupName } = UpdatePolicy.CodeDeployLambdaAliasUpdate;
      assert.equal(ApplicationName, `<${applications[0]![0]}>`);
      const group = DeploymentGroupName.slice(1, -1);
      if (name === 'CDK') assert.ok([DependsOn].flat().includes(group), id);
      const shift = resources[group].Properties;
      assert.equal(shift.DeploymentConfigName, CONFIGURATIONS[WORD]);
      assert.deepEqual(shift.DeploymentStyle, {
        DeploymentOption: 'WITH_TRAFFIC_CONTROL',
        DeploymentType: 'BLUE_GREEN',
      });
      assert.deepEqual(shift.AutoRollbackConfiguration, {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      });
      assert.equal(shift.AlarmConfiguration.Enabled, true);
      const [errors, failed, ...more] = shift.AlarmConfiguration.Alarms.map(
        ({ Name }: any) => resources[Name.slice(1, -1)].Properties,
      );
      assert.deepEqual(more, []);
      // Of the new version alone.
      assert.deepEqual(
        [errors.Namespace, errors.MetricName, errors.Dimensions],
        [
          'AWS/Lambda',
          'Errors',
          [
            { Name: 'ExecutedVersion', Value: Properties.FunctionVersion },
            { Name: 'FunctionName', Value: Properties.FunctionName },
            { Name: 'Resource', Value: `${Properties.FunctionName}:live` },
          ],
        ],
      );
      assert.match(Properties.FunctionVersion, /Version[\w.]*>$/);
      assert.deepEqual([failed.Namespace, failed.MetricName], ['EcrAdmission', 'FailedInLog']);
      for (const alarm of [errors, failed]) {
        // Five minutes are the whole of the shortest canary.
        assert.deepEqual([alarm.Period, alarm.EvaluationPeriods, alarm.Threshold], [60, 1, 1]);
        assert.equal(alarm.TreatMissingData, 'notBreaching');
        assert.equal(alarm.AlarmActions, undefined);
      }
    }
  });

  test(`${name}: CodeDeploy may change the alias of one function, and read alarms`, () => {
    const roles = ofType(resources, /::Role$/).filter(([, { Properties }]) =>
      JSON.stringify(Properties.AssumeRolePolicyDocument).includes('codedeploy.amazonaws.com'),
    );
    assert.equal(roles.length, 3);
    const granted = roles.map(([, { Properties }]) => {
      assert.equal(Properties.ManagedPolicyArns, undefined);
      const [{ PolicyDocument }, ...others] = Properties.Policies;
      assert.deepEqual(others, []);
      const [shift, look, ...more] = PolicyDocument.Statement;
      assert.deepEqual(more, []);
      assert.deepEqual(shift.Action, [
        'lambda:GetAlias',
        'lambda:GetProvisionedConcurrencyConfig',
        'lambda:UpdateAlias',
      ]);
      assert.deepEqual(look, {
        Action: 'cloudwatch:DescribeAlarms',
        Effect: 'Allow',
        Resource: '*',
      });
      const [called, alias] = shift.Resource;
      assert.equal(alias, `${called}:live`);
      return called;
    });
    const functions = ofType(resources, /::Function$/).map(([id]) => `<${id}.Arn>`);
    assert.deepEqual(granted.sort(), functions.sort());
  });
}

test('the alarms and the dashboard count all versions', () => {
  const watched = (canary: string) =>
    ofType(fromTemplate({ Canary: canary }), /::(Alarm|Dashboard)$/).filter(
      ([id]) => !/Canary/.test(id),
    );
  assert.deepEqual(watched(WORD), watched('none'));
});

test('in the CDK, a changed setting of a function is another version', () => {
  const versions = (context: Record<string, unknown>) =>
    ofType(fromCdk({ canary: WORD, ...context }), /::Version$/).map(([id]) => id);
  const [admission, authorizer] = versions({});
  const other = versions({ maxImages: 7 });
  assert.notEqual(other[0], admission);
  assert.equal(other[1], authorizer);
  assert.deepEqual(versions({ quietHours: 3 }), [admission, authorizer]);
});

test('in the template, a changed parameter of a function is another record, in every function and version', () => {
  const record = (parameters: Record<string, string>): string => {
    const resources = fromTemplate({ Canary: WORD, ...parameters });
    const [[id, { Properties }] = ['', {} as any], ...others] = ofType(
      resources,
      /::HostedConfiguration/,
    );
    assert.deepEqual(others, []);
    for (const [, version] of ofType(resources, /::Version$/)) {
      assert.deepEqual(Object.keys(version.Properties).sort(), ['Description', 'FunctionName']);
      assert.equal(
        version.Properties.Description,
        `ecr-admission ${workspaceVersion()}, settings <${id}.VersionNumber>`,
      );
    }
    for (const [, called] of ofType(resources, /::Function$/)) {
      const { Variables } = called.Properties.Environment;
      assert.equal(Variables.SETTINGS_RECORD, `<${id}.VersionNumber>`);
    }
    return Properties.Content;
  };
  const first = record({});
  assert.equal(first.split('\n')[0], `ecr-admission ${workspaceVersion()}`);
  for (const changed of [
    { Architecture: 'x86_64' },
    { SeverityLimit: 'HIGH' },
    { LogLevel: 'WARN' },
    { TokenOverlapHours: '1' },
    { Rewrites: 'docker.io/=mirror.example.com/' },
  ] as Record<string, string>[]) {
    assert.notEqual(record(changed), first);
  }
  for (const same of [
    { QuietHours: '3' },
    { StageThrottleRate: '7' },
    { CodeKeyPrefix: 'a/' },
  ] as Record<string, string>[]) {
    assert.equal(record(same), first);
  }
  // Everything that differs between two functions of two deployments is in it.
  for (const { parameter, variable } of PARAMETERS) {
    if (parameter && variable) assert.match(first, new RegExp(`^${parameter}=`, 'm'));
  }
});

test('provisioned concurrency is on the same alias', () => {
  for (const [canary, count] of [
    ['none', 1],
    [WORD, 2],
  ] as const) {
    const aliases = ofType(fromCdk({ canary, provisionedConcurrency: 2 }), /::Alias$/);
    assert.equal(aliases.length, count);
    const provisioned = aliases.flatMap(
      ([id, { Properties }]) =>
        (Properties.ProvisionedConcurrencyConfig ? [[id, Properties]] : []) as any,
    );
    assert.equal(provisioned.length, 1);
    const [[id, { Name, ProvisionedConcurrencyConfig }]] = provisioned;
    assert.match(id, /^EcrAdmissionLive/);
    assert.equal(Name, 'live');
    assert.deepEqual(ProvisionedConcurrencyConfig, { ProvisionedConcurrentExecutions: 2 });
  }
});

test('a change of what the private API calls or offers is another deployment of it', () => {
  const deployment = (parameters: Record<string, string>) => {
    const resources = fromTemplate({ ...PRIVATE, ...parameters });
    const [[id] = [''], ...others] = ofType(resources, /ApiGateway::Deployment$/);
    assert.deepEqual(others, []);
    const [[, stage] = ['', undefined]] = ofType(resources, /ApiGateway::Stage$/);
    assert.equal(stage.Properties.DeploymentId, `<${id}>`);
    return id;
  };
  const switches = [
    {},
    { Canary: WORD },
    { UrlKeys: 'true' },
    { VpcEndpointClusters: 'blue' },
  ] as Record<string, string>[];
  const combinations = switches.flatMap((one) => switches.map((other) => ({ ...one, ...other })));
  const ids = combinations.map(deployment);
  const different = new Set(combinations.map((one) => JSON.stringify(Object.entries(one).sort())));
  assert.equal(new Set(ids).size, different.size);
});
