import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { EcrAdmissionStack } from '../lib/ecr-admission-stack';
import { REST_ACCESS_LOG } from '../lib/rest-endpoint';
import { plainTemplate, sarTemplate } from '../lib/templates';
import { deployed } from './deployed';
import { anyCode, only, resources, templateWith } from './stacks';

const IDS = 'vpce-0123456789abcdef0,vpce-0fedcba9876543210';
const CLUSTERS = 'blue,green';
const WEB_ACL =
  'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/webhooks/01234567-89ab-cdef-0123-456789abcdef';

type Doors = {
  readonly name: string;
  readonly context: Record<string, string>;
  readonly http: boolean;
  readonly rest?: 'PRIVATE' | 'REGIONAL';
};

const DOORS: readonly Doors[] = [
  { name: 'public', context: {}, http: true },
  {
    name: 'public and private',
    context: { vpcEndpointIds: IDS },
    http: true,
    rest: 'PRIVATE',
  },
  {
    name: 'private',
    context: { vpcEndpointIds: IDS, publicEndpoint: 'false' },
    http: false,
    rest: 'PRIVATE',
  },
  {
    name: 'private, by endpoint',
    context: { vpcEndpointIds: IDS, vpcEndpointClusters: CLUSTERS, publicEndpoint: 'false' },
    http: false,
    rest: 'PRIVATE',
  },
  {
    name: 'public, and private by endpoint',
    context: { vpcEndpointIds: IDS, vpcEndpointClusters: CLUSTERS },
    http: true,
    rest: 'PRIVATE',
  },
  { name: 'public and regional', context: { webAclArn: WEB_ACL }, http: true, rest: 'REGIONAL' },
  {
    name: 'regional',
    context: { webAclArn: WEB_ACL, publicEndpoint: 'false' },
    http: false,
    rest: 'REGIONAL',
  },
];

const COMBINATIONS = DOORS.flatMap((doors) =>
  [false, true].map((urlKeys) => ({
    ...doors,
    name: `${doors.name}${urlKeys ? ', with keys' : ''}`,
    urlKeys,
    context: { ...doors.context, urlKeys: String(urlKeys) } as Record<string, string>,
  })),
);

const sar = parse(sarTemplate());
const plain = parse(plainTemplate());

/** The same as parameters of the templates, which have no web ACL. */
function parametersOf(context: Record<string, string>): Record<string, string> | undefined {
  if (context['webAclArn']) return;
  const entries = Object.entries(context);
  return Object.fromEntries(
    entries.map(([name, value]) => [name[0]!.toUpperCase() + name.slice(1), value]),
  );
}

/** Types, with a serverless function as the function that it becomes, and a serverless API as what SAM makes of it. */
function typesOf(all: Record<string, any>): string[] {
  const api = ['RestApi', 'Deployment', 'Stage'].map((type) => `AWS::ApiGateway::${type}`);
  return Object.values(all)
    .flatMap(({ Type }) =>
      Type === 'AWS::Serverless::Api' ? api : Type.replace('Serverless', 'Lambda'),
    )
    .sort();
}

const ofType = (all: Record<string, any>, type: string): [string, any][] =>
  Object.entries(all).filter(([, { Type }]) => Type === type);

const PATHS = ['/validate', '/mutate'];
const KEY_PATHS = ['/validate/{key}', '/mutate/{key}'];

for (const { name, context, http, rest, urlKeys } of COMBINATIONS) {
  // Throws at a reference to something that is not there.
  // Without the CDK's rule about its bootstrap.
  const stack = deployed({ ...templateWith(context).toJSON(), Rules: {} });
  const parameters = parametersOf(context);
  const application = parameters && deployed(sar, parameters);
  const template = parameters && deployed(plain, { ...parameters, CodeBucket: 'releases' });
  const all = [stack, application, template].flatMap((one) => one ?? []);

  test(`${name}: the doors and their routes`, () => {
    const { resources } = stack;
    assert.equal(ofType(resources, 'AWS::ApiGatewayV2::Api').length, http ? 1 : 0);
    const routes = ofType(resources, 'AWS::ApiGatewayV2::Route').map(
      ([, { Properties }]) => Properties.RouteKey,
    );
    const paths = [...PATHS, ...(urlKeys ? KEY_PATHS : [])];
    assert.deepEqual(routes.sort(), http ? paths.map((path) => `POST ${path}`).sort() : []);
    const apis = ofType(resources, 'AWS::ApiGateway::RestApi');
    assert.equal(apis.length, rest ? 1 : 0);
    for (const [, { Properties }] of apis) {
      assert.deepEqual(Properties.EndpointConfiguration.Types, [rest]);
      assert.deepEqual(Object.keys(Properties.Body.paths), paths);
      for (const methods of Object.values(Properties.Body.paths)) {
        assert.deepEqual(Object.keys(methods as any), ['post']);
      }
    }
    const associations = ofType(resources, 'AWS::WAFv2::WebACLAssociation');
    assert.equal(associations.length, rest === 'REGIONAL' ? 1 : 0);
    assert.equal(ofType(resources, 'AWS::Lambda::Function').length, urlKeys ? 3 : 2);
  });

  test(`${name}: the outputs say what is there`, () => {
    for (const { outputs } of all) {
      assert.equal('Endpoint' in outputs, http);
      assert.equal('EndpointHost' in outputs, http);
      assert.equal('AccessLog' in outputs, http);
      assert.equal('PrivateApiId' in outputs, rest === 'PRIVATE');
      assert.equal('RegionalEndpoint' in outputs, rest === 'REGIONAL');
      assert.equal(outputs.PublicEndpointInForce, String(http));
      assert.equal(outputs.UrlKeysInForce, String(urlKeys));
      assert.equal(outputs.VpcEndpointIdsInForce, context['vpcEndpointIds'] ?? '');
      assert.equal(outputs.VpcEndpointClustersInForce, context['vpcEndpointClusters'] ?? '');
      assert.equal(outputs.WebAclArnInForce, context['webAclArn'] ?? '');
    }
    if (rest === 'REGIONAL') {
      const [[api] = ['']] = ofType(stack.resources, 'AWS::ApiGateway::RestApi');
      const url = `https://<${api}>.execute-api.eu-west-1.amazonaws.com/v1`;
      assert.equal(stack.outputs.RegionalEndpoint, url);
    }
  });

  test(`${name}: the dashboard names every alarm, and no metric of a door that is not there`, () => {
    for (const { resources } of all) {
      const [[, dashboard] = ['', undefined]] = ofType(resources, 'AWS::CloudWatch::Dashboard');
      const body = JSON.parse(dashboard.Properties.DashboardBody);
      const alarms = ofType(resources, 'AWS::CloudWatch::Alarm').map(([id]) => `<${id}.Arn>`);
      assert.deepEqual(body.widgets[0].properties.alarms.toSorted(), alarms.sort());
      const metrics = JSON.stringify(body.widgets.map((one: any) => one.properties.metrics ?? []));
      assert.equal(metrics.includes('"ApiId"'), http);
      assert.equal(metrics.includes('"ApiName"'), rest !== undefined);
    }
  });

  test(`${name}: cdk-nag finds nothing that is not suppressed`, () => {
    const app = new App({ analyticsReporting: false, context });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
    new EcrAdmissionStack(app, 'EcrAdmission', { code: anyCode() });
    app.synth();
  });

  if (!application || !template) continue;
  test(`${name}: the application has what the CDK deploys`, () => {
    assert.deepEqual(typesOf(application.resources), typesOf(stack.resources));
    const [api] = ofType(stack.resources, 'AWS::ApiGateway::RestApi');
    const [serverless] = ofType(application.resources, 'AWS::Serverless::Api');
    assert.equal(serverless?.[0], api?.[0]);
    if (!api || !serverless) return;
    const [, { Properties: expected }] = api;
    const [, { Properties: got }] = serverless;
    assert.deepEqual(numeric(got.DefinitionBody), expected.Body);
    assert.equal(got.Name, expected.Name);
    assert.equal(got.Mode, expected.Mode);
    assert.deepEqual(got.EndpointConfiguration, {
      Type: 'PRIVATE',
      IpAddressType: expected.EndpointConfiguration.IpAddressType,
      VPCEndpointIds: expected.EndpointConfiguration.VpcEndpointIds,
    });
    const [[, stage] = ['', undefined]] = ofType(stack.resources, 'AWS::ApiGateway::Stage');
    assert.equal(got.StageName, stage.Properties.StageName);
    assert.deepEqual(numbers(got.MethodSettings), numbers(stage.Properties.MethodSettings));
    assert.equal(got.TracingEnabled, stage.Properties.TracingEnabled);
    assert.equal(got.AlwaysDeploy, true);
    // Without it, SAM adds a stage of its own.
    assert.equal(got.OpenApiVersion, expected.Body.openapi);
  });

  test(`${name}: the plain template has what the CDK deploys`, () => {
    assert.deepEqual(typesOf(template.resources), typesOf(stack.resources));
    for (const type of ['RestApi', 'Stage'].map((name) => `AWS::ApiGateway::${name}`)) {
      const [expected, got] = [stack, template].map(({ resources }) =>
        ofType(resources, type).map(([id, { Properties }]) => {
          const { DeploymentId, ...properties } = Properties;
          const { MethodSettings } = properties;
          if (MethodSettings) properties.MethodSettings = numbers(MethodSettings);
          return [id, numeric(properties)];
        }),
      );
      assert.deepEqual(got, expected);
    }
  });
}

// Only the deployment knows the numbers.
function numeric(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value).replace(/("authorizerResultTtlInSeconds":)"(\d+)"/g, '$1$2'),
  );
}

function numbers(settings: any[]): any[] {
  return settings.map((one) => ({
    ...one,
    ThrottlingRateLimit: Number(one.ThrottlingRateLimit),
    ThrottlingBurstLimit: Number(one.ThrottlingBurstLimit),
  }));
}

const PRIVATE = { vpcEndpointIds: IDS, publicEndpoint: 'false' };

const restApi = (context: Record<string, unknown>): Record<string, any> =>
  only(templateWith(context), 'AWS::ApiGateway::RestApi').Properties;

test('a private API takes both families, and only from its endpoints', () => {
  const { Body, EndpointConfiguration, Mode, Parameters } = restApi(PRIVATE);
  const ids = IDS.split(',');
  assert.deepEqual(EndpointConfiguration, {
    IpAddressType: 'dualstack',
    Types: ['PRIVATE'],
    VpcEndpointIds: ids,
  });
  const call = { Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*' };
  assert.deepEqual(Body['x-amazon-apigateway-policy'].Statement, [
    { Effect: 'Allow', ...call },
    { Effect: 'Deny', ...call, Condition: { StringNotEquals: { 'aws:SourceVpce': ids } } },
  ]);
  assert.equal(Mode, 'overwrite');
  assert.deepEqual(Parameters, { endpointConfigurationTypes: 'PRIVATE' });
  const regional = restApi({ webAclArn: WEB_ACL });
  assert.equal(regional['Body']['x-amazon-apigateway-policy'], undefined);
});

/** The authorizer of each route, as far as it differs: what it caches by, and for how long. */
function authorizers(
  context: Record<string, unknown>,
): Record<string, [string | undefined, number]> {
  const { Body } = restApi(context);
  return Object.fromEntries(
    Object.entries<any>(Body.paths).map(([path, { post }]) => {
      const [[name] = ['']] = Object.entries(post.security[0]);
      const scheme = Body.components.securitySchemes[name];
      const authorizer = scheme['x-amazon-apigateway-authorizer'];
      assert.equal(post['x-amazon-apigateway-integration'].type, 'aws_proxy');
      assert.equal(authorizer.type, 'request');
      assert.match(
        JSON.stringify(authorizer.authorizerUri),
        name === 'url'
          ? /"EcrAdmissionUrlKeysAuthorizerFunction/
          : /"EcrAdmissionAuthorizerFunction/,
      );
      return [path, [authorizer.identitySource, authorizer.authorizerResultTtlInSeconds]];
    }),
  );
}

test('results of the authorizer are cached by token, and never for a key or an endpoint', () => {
  const header = 'method.request.header.Authorization';
  const keys = { '/validate/{key}': [undefined, 0], '/mutate/{key}': [undefined, 0] };
  const each = (value: unknown) => ({ '/validate': value, '/mutate': value });
  const given = { ...PRIVATE, urlKeys: true, authorizerCacheSeconds: 30 };
  assert.deepEqual(authorizers(given), { ...each([header, 30]), ...keys });
  const byEndpoint = { ...given, vpcEndpointClusters: CLUSTERS };
  assert.deepEqual(authorizers(byEndpoint), { ...each([undefined, 0]), ...keys });
  // The address is checked, so it is in the cache key, where the callers are public.
  const both = { vpcEndpointIds: IDS, allowedSources: '203.0.113.7/32' };
  assert.deepEqual(authorizers(both), each([header, 60]));
  const regional = { webAclArn: WEB_ACL, allowedSources: '203.0.113.7/32' };
  assert.deepEqual(authorizers(regional), each([`${header}, context.identity.sourceIp`, 60]));
});

test('the stage throttles each route as the HTTP API does, and writes no log', () => {
  const template = templateWith({
    ...PRIVATE,
    urlKeys: true,
    stageThrottleRate: 50,
    stageThrottleBurst: 20,
    urlKeyThrottleRate: 70,
    urlKeyThrottleBurst: 30,
  });
  const { Properties } = only(template, 'AWS::ApiGateway::Stage');
  const off = { DataTraceEnabled: false, LoggingLevel: 'OFF', MetricsEnabled: false };
  const keys = { HttpMethod: 'POST', ThrottlingRateLimit: 70, ThrottlingBurstLimit: 30, ...off };
  assert.deepEqual(Properties['MethodSettings'], [
    {
      HttpMethod: '*',
      ResourcePath: '/*',
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 20,
      ...off,
    },
    { ResourcePath: '/~1validate~1{key}', ...keys },
    { ResourcePath: '/~1mutate~1{key}', ...keys },
  ]);
  assert.equal(Properties['StageName'], 'v1');
  assert.equal(Properties['TracingEnabled'], false);
  assert.equal(Properties['AccessLogSetting'], undefined);
  // API Gateway's account settings are not the application's.
  template.resourceCountIs('AWS::ApiGateway::Account', 0);
});

test('only a method of this API and stage may invoke the admission function', () => {
  const template = templateWith({ ...PRIVATE, urlKeys: true });
  const [api] = Object.keys(resources(template, 'AWS::ApiGateway::RestApi'));
  const permissions = Object.values(resources(template, 'AWS::Lambda::Permission'));
  const granted = permissions.map(({ Properties }) => {
    assert.equal(Properties['Principal'], 'apigateway.amazonaws.com');
    const { SourceArn } = deployed({
      Parameters: {},
      Outputs: {},
      Resources: { ...template.toJSON()['Resources'], One: { Properties } },
    }).resources.One.Properties;
    const [id] = Properties['FunctionName']['Fn::GetAtt'];
    return `${id.replace(/[0-9A-F]{8}$/, '')} ${SourceArn.replace(/^arn:aws:execute-api:eu-west-1:123456789012:/, '')}`;
  });
  assert.deepEqual(granted.sort(), [
    `EcrAdmissionAuthorizerFunction <${api}>/authorizers/*`,
    `EcrAdmissionFunction <${api}>/v1/POST/mutate`,
    `EcrAdmissionFunction <${api}>/v1/POST/mutate/*`,
    `EcrAdmissionFunction <${api}>/v1/POST/validate`,
    `EcrAdmissionFunction <${api}>/v1/POST/validate/*`,
    `EcrAdmissionUrlKeysAuthorizerFunction <${api}>/authorizers/*`,
  ]);
});

test('the API is deployed again when its policy, routes or authorizers change, and only then', () => {
  const deployment = (context: Record<string, unknown>): string => {
    const template = templateWith({ ...PRIVATE, ...context });
    const [id] = Object.keys(resources(template, 'AWS::ApiGateway::Deployment'));
    const { Properties } = only(template, 'AWS::ApiGateway::Deployment');
    const stage = only(template, 'AWS::ApiGateway::Stage').Properties;
    assert.deepEqual(stage['DeploymentId'], { Ref: id });
    const [api] = Object.keys(resources(template, 'AWS::ApiGateway::RestApi'));
    assert.deepEqual(Properties['RestApiId'], { Ref: api });
    return id!;
  };
  const first = deployment({});
  const changes = [
    { vpcEndpointIds: IDS.split(',')[0] },
    { vpcEndpointClusters: CLUSTERS },
    { authorizerCacheSeconds: 0 },
    { urlKeys: true },
    { provisionedConcurrency: 1 },
  ];
  const ids = [first, ...changes.map(deployment)];
  assert.equal(new Set(ids).size, ids.length);
  for (const same of [{}, { maxImages: 7 }, { stageThrottleRate: 7 }, { logRetentionDays: 7 }]) {
    assert.equal(deployment(same), first);
  }
});

test('a rejected request, an error and slowness of the REST API are alarms', () => {
  const alarms = (context: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(resources(templateWith(context), 'AWS::CloudWatch::Alarm'))
        .filter(([id]) => /^EcrAdmissionRest/.test(id))
        .map(([, { Properties }]) => [
          Properties['MetricName'],
          [
            Properties['Namespace'],
            Properties['Dimensions'].map(({ Name }: any) => Name),
            Properties['Threshold'],
            Properties['Statistic'] ?? Properties['ExtendedStatistic'],
          ],
        ]),
    );
  const api = ['ApiName', 'Stage'];
  assert.deepEqual(alarms(PRIVATE), {
    '4XXError': ['AWS/ApiGateway', api, 1, 'Sum'],
    '5XXError': ['AWS/ApiGateway', api, 1, 'Sum'],
    Latency: ['AWS/ApiGateway', api, 3000, 'p99'],
  });
  assert.equal(alarms({ webAclArn: WEB_ACL })['4XXError']![2], 20);
  // By the name that the API has.
  const template = templateWith(PRIVATE);
  const { Name } = only(template, 'AWS::ApiGateway::RestApi').Properties;
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: '5XXError',
    Dimensions: [
      { Name: 'ApiName', Value: Name },
      { Name: 'Stage', Value: 'v1' },
    ],
  });
});

test('the access log of the REST API has no path, and is counted as that of the HTTP API', () => {
  for (const variable of Object.values(REST_ACCESS_LOG)) {
    for (const one of variable.split(' ')) assert.match(one, /^\$context\.[A-Za-z.]+$/);
    // The resource as it is declared: never the path, which may end with a key.
    assert.doesNotMatch(variable.replace('$context.resourcePath', ''), /path|querystring/i);
  }
  assert.equal(REST_ACCESS_LOG.route, '$context.httpMethod $context.resourcePath');
  const counted = (context: Record<string, unknown>) =>
    Object.values(resources(templateWith(context), 'AWS::Logs::MetricFilter'))
      .filter(({ Properties }) => /AccessLog/.test(Properties['LogGroupName'].Ref))
      .map(({ Properties }) => [
        Properties['LogGroupName'].Ref.replace(/[0-9A-F]{8}$/, ''),
        Properties['MetricTransformations'][0].MetricName,
      ]);
  const names = ['TooManyRequests', 'UrlKeyRejected', 'PreviousTokenExpiring'];
  const of = (log: string) => names.map((name) => [`EcrAdmission${log}AccessLog`, name]);
  assert.deepEqual(counted({ ...PRIVATE, urlKeys: true }), []);
  const logged = { vpcEndpointIds: IDS, urlKeys: true, restAccessLog: true };
  assert.deepEqual(counted(logged).sort(), [...of('Endpoint'), ...of('Rest')].sort());
  const alone = templateWith({ ...logged, publicEndpoint: false });
  const { AccessLogSetting } = only(alone, 'AWS::ApiGateway::Stage').Properties;
  assert.equal(AccessLogSetting.Format, JSON.stringify(REST_ACCESS_LOG));
  const alarms = Object.values(resources(alone, 'AWS::CloudWatch::Alarm'));
  const watched = alarms.map(({ Properties }) => Properties['MetricName']);
  for (const name of names) assert.ok(watched.includes(name), name);
});

const REFUSED: [Record<string, string>, RegExp][] = [
  [{ VpcEndpointClusters: 'blue' }, /^Error: VpcEndpointClusters: expected nothing without/],
  [{ PublicEndpoint: 'false' }, /^Error: PublicEndpoint: expected true without VpcEndpointIds$/],
  [
    { VpcEndpointIds: IDS, PublicEndpoint: 'false', AllowedSources: '203.0.113.7/32' },
    /^Error: AllowedSources: expected nothing with a private API alone/,
  ],
];

for (const [parameters, message] of REFUSED) {
  test(`refused at deployment: ${JSON.stringify(parameters)}`, () => {
    for (const template of [sar, plain]) {
      assert.throws(() => deployed(template, { ...parameters, CodeBucket: 'releases' }), message);
    }
  });
}

test('the patterns of endpoints and clusters accept what the functions accept', () => {
  const pattern = (name: string) => new RegExp(sar.Parameters[name].AllowedPattern);
  for (const accepted of ['', 'vpce-01234567', IDS]) {
    assert.match(accepted, pattern('VpcEndpointIds'));
  }
  for (const refused of ['vpce-0123456', 'vpc-01234567', `${IDS},`, 'vpce-0123456G', `${IDS} `]) {
    assert.doesNotMatch(refused, pattern('VpcEndpointIds'));
  }
  for (const accepted of ['', 'blue', 'a:b,prod/eu-1,~!', 'x'.repeat(255)]) {
    assert.match(accepted, pattern('VpcEndpointClusters'));
  }
  for (const refused of [':blue', 'blue,', 'blue,,green', 'bl ue', 'grün', 'x'.repeat(256)]) {
    assert.doesNotMatch(refused, pattern('VpcEndpointClusters'));
  }
});
