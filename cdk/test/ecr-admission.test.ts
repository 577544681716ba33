import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { ACCESS_LOG } from '../lib/endpoint';
import { LOGGED_EVENTS } from '../lib/metrics';
import { only, POLICY_SECRET_ARN, resources, templateWith } from './stacks';

test('both functions are arm64 executables with a log group of their own', () => {
  const template = templateWith();
  template.resourceCountIs('AWS::Lambda::Function', 2);
  const groups = Object.values(resources(template, 'AWS::Lambda::Function')).map((fn) => {
    assert.deepEqual(fn.Properties['Architectures'], ['arm64']);
    assert.equal(fn.Properties['Runtime'], 'provided.al2023');
    assert.equal(fn.Properties['LoggingConfig'].LogFormat, 'JSON');
    return JSON.stringify(fn.Properties['LoggingConfig'].LogGroup);
  });
  assert.equal(new Set(groups).size, 2);
});

test('the admission function has its parameters in its environment', () => {
  const variables = (context: Record<string, unknown>) =>
    only(templateWith(context), 'AWS::Lambda::Function', /^EcrAdmissionFunction/).Properties[
      'Environment'
    ].Variables;
  assert.deepEqual(variables({}), {
    REGISTRY_REGION: { Ref: 'AWS::Region' },
    REGISTRY_IDS: { Ref: 'AWS::AccountId' },
    IGNORED_NAMESPACES: 'kube-system',
    SEVERITY_LIMIT: 'CRITICAL',
    LOG_LEVEL: 'INFO',
    METRICS_NAMESPACE: 'EcrAdmission',
    CACHE_SECONDS: '60',
    MAX_IMAGES: '100',
    PIN_NAMESPACES: '',
    POLICY_SECRET: '',
    REWRITES: '',
  });
  assert.deepEqual(
    variables({
      registryRegions: 'eu-west-1, us-east-1',
      registryIds: '123456789012,210987654321',
      ignoredNamespaces: '',
      severityLimit: 'HIGH',
      logLevel: 'DEBUG',
      metricsNamespace: 'Other',
      cacheSeconds: 0,
      maxImages: 500,
      pinNamespaces: '*',
      policySecret: POLICY_SECRET_ARN,
      rewrites: 'docker.io/=R/hub/,docker.io/library/redis=',
    }),
    {
      REGISTRY_REGION: 'eu-west-1,us-east-1',
      REGISTRY_IDS: '123456789012,210987654321',
      IGNORED_NAMESPACES: '',
      SEVERITY_LIMIT: 'HIGH',
      LOG_LEVEL: 'DEBUG',
      METRICS_NAMESPACE: 'Other',
      CACHE_SECONDS: '0',
      MAX_IMAGES: '500',
      PIN_NAMESPACES: '*',
      POLICY_SECRET: POLICY_SECRET_ARN,
      REWRITES: 'docker.io/=R/hub/,docker.io/library/redis=',
    },
  );
});

test('the authorizer has its environment, its reserved concurrency and a short timeout', () => {
  const template = templateWith({ tokenOverlapHours: 1, authorizerReservedConcurrency: 7 });
  const { Properties } = only(template, 'AWS::Lambda::Function', /AuthorizerFunction/);
  assert.deepEqual(Object.keys(Properties['Environment'].Variables).sort(), [
    'ALLOWED_SOURCES',
    'LOG_LEVEL',
    'TOKEN_OVERLAP_HOURS',
    'TOKEN_SECRET_ARN',
    'VPC_ENDPOINT_CLUSTERS',
    'VPC_ENDPOINT_IDS',
  ]);
  assert.equal(Properties['Environment'].Variables.TOKEN_OVERLAP_HOURS, '1');
  assert.equal(Properties['ReservedConcurrentExecutions'], 7);
  assert.equal(Properties['Timeout'], 5);
  const off = templateWith({ authorizerReservedConcurrency: 0 });
  const unreserved = only(off, 'AWS::Lambda::Function', /AuthorizerFunction/).Properties;
  assert.equal(unreserved['ReservedConcurrentExecutions'], undefined);
});

test('there are two routes, both behind the authorizer', () => {
  const template = templateWith();
  const routes = Object.values(resources(template, 'AWS::ApiGatewayV2::Route'));
  assert.deepEqual(routes.map((route) => route.Properties['RouteKey']).sort(), [
    'POST /mutate',
    'POST /validate',
  ]);
  for (const route of routes) {
    assert.equal(route.Properties['AuthorizationType'], 'CUSTOM');
    assert.ok(route.Properties['AuthorizerId'].Ref);
  }
  template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
    AuthorizerPayloadFormatVersion: '2.0',
    EnableSimpleResponses: true,
    IdentitySource: ['$request.header.Authorization'],
    AuthorizerResultTtlInSeconds: 60,
  });
});

test('API Gateway may invoke the functions from this API only', () => {
  const permissions = resources(templateWith({ urlKeys: true }), 'AWS::Lambda::Permission');
  assert.equal(Object.keys(permissions).length, 3);
  for (const permission of Object.values(permissions)) {
    assert.equal(permission.Properties['Principal'], 'apigateway.amazonaws.com');
    assert.match(
      JSON.stringify(permission.Properties['SourceArn']),
      /"Ref":"EcrAdmissionEndpointApi/,
    );
  }
});

const URL_KEYS = { urlKeys: true };

test('with urlKeys, two routes have an authorizer of their own, which API Gateway always calls', () => {
  const template = templateWith(URL_KEYS);
  const routes = Object.values(resources(template, 'AWS::ApiGatewayV2::Route'));
  const authorizers = resources(template, 'AWS::ApiGatewayV2::Authorizer');
  const named = (name: string) =>
    Object.entries(authorizers).find(([, { Properties }]) => Properties['Name'] === name)!;
  const [url, { Properties }] = named('url');
  const [bearer] = named('bearer');
  assert.deepEqual(
    routes.map((route) => [route.Properties['RouteKey'], route.Properties['AuthorizerId'].Ref]),
    [
      ['POST /validate', bearer],
      ['POST /mutate', bearer],
      ['POST /validate/{key}', url],
      ['POST /mutate/{key}', url],
    ],
  );
  for (const route of routes) {
    assert.equal(route.Properties['AuthorizationType'], 'CUSTOM');
    assert.deepEqual(route.Properties['Target'], routes[0]!.Properties['Target']);
  }
  const { ApiId, AuthorizerUri, ...rest } = Properties;
  assert.deepEqual(rest, {
    AuthorizerType: 'REQUEST',
    AuthorizerPayloadFormatVersion: '2.0',
    AuthorizerResultTtlInSeconds: 0,
    EnableSimpleResponses: true,
    IdentitySource: [],
    Name: 'url',
  });
  assert.match(JSON.stringify(AuthorizerUri), /"EcrAdmissionUrlKeysAuthorizerFunction/);
  template.hasResourceProperties('AWS::Lambda::Permission', {
    FunctionName: { 'Fn::GetAtt': [Match.stringLikeRegexp('UrlKeysAuthorizerFunction'), 'Arn'] },
    SourceArn: { 'Fn::Join': ['', Match.arrayWith(['/authorizers/', { Ref: url }])] },
  });
});

test('the key authorizer is the same executable, with a reservation and a log group of its own', () => {
  const given = { ...URL_KEYS, authorizerReservedConcurrency: 7, allowedSources: '10.0.0.0/8' };
  const template = templateWith({ ...given, urlKeyAuthorizerReservedConcurrency: 8 });
  const key = only(template, 'AWS::Lambda::Function', /UrlKeysAuthorizerFunction/).Properties;
  const bearer = only(template, 'AWS::Lambda::Function', /AdmissionAuthorizerFunction/).Properties;
  for (const same of ['Architectures', 'Code', 'MemorySize', 'Runtime', 'Timeout']) {
    assert.deepEqual(key[same], bearer[same]);
  }
  assert.deepEqual(key['Environment'].Variables, {
    ...bearer['Environment'].Variables,
    CALLER_KEY: 'url',
  });
  assert.equal(bearer['Environment'].Variables.ALLOWED_SOURCES, '10.0.0.0/8');
  assert.deepEqual(
    [key, bearer].map((one) => one['ReservedConcurrentExecutions']),
    [8, 7],
  );
  const groups = Object.values(resources(template, 'AWS::Lambda::Function')).map((fn) =>
    JSON.stringify(fn.Properties['LoggingConfig'].LogGroup),
  );
  assert.equal(new Set(groups).size, 3);
  const off = templateWith({ ...URL_KEYS, urlKeyAuthorizerReservedConcurrency: 0 });
  const unreserved = only(off, 'AWS::Lambda::Function', /UrlKeysAuthorizerFunction/).Properties;
  assert.equal(unreserved['ReservedConcurrentExecutions'], undefined);
});

test('the routes with a key have their own throttle, and the stage depends on them', () => {
  const template = templateWith({ ...URL_KEYS, urlKeyThrottleRate: 70, urlKeyThrottleBurst: 30 });
  const stage = only(template, 'AWS::ApiGatewayV2::Stage') as any;
  const limit = { ThrottlingRateLimit: 70, ThrottlingBurstLimit: 30 };
  assert.deepEqual(stage.Properties.RouteSettings, {
    'POST /validate/{key}': limit,
    'POST /mutate/{key}': limit,
  });
  const routes = Object.entries(resources(template, 'AWS::ApiGatewayV2::Route'))
    .filter(([, { Properties }]) => Properties['RouteKey'].endsWith('{key}'))
    .map(([id]) => id);
  assert.deepEqual(stage.DependsOn, routes.sort());
});

test('without urlKeys, nothing in the template is about keys', () => {
  const off = JSON.stringify(templateWith().toJSON());
  assert.doesNotMatch(
    off,
    /EcrAdmissionUrlKeys|\{key\}|UrlKeyRejected|PreviousTokenExpiring|CALLER/,
  );
  assert.equal(
    only(templateWith(), 'AWS::ApiGatewayV2::Stage').Properties['RouteSettings'],
    undefined,
  );
});

test('a request with a key that gets no decision is an alarm, counted in the access log', () => {
  const template = templateWith(URL_KEYS);
  assert.equal(ACCESS_LOG.route, '$context.routeKey');
  template.hasResourceProperties('AWS::Logs::MetricFilter', {
    LogGroupName: { Ref: Match.stringLikeRegexp('EndpointAccessLog') },
    FilterPattern:
      '{ ($.status != "200") && (($.route = "POST /validate/*") || ($.route = "POST /mutate/*")) }',
    MetricTransformations: [Match.objectLike({ MetricName: 'UrlKeyRejected' })],
  });
  assertAlarmOnOne('UrlKeyRejected', template);
});

test('a cluster that still sends its previous token near the end of the overlap is an alarm', () => {
  const template = templateWith(URL_KEYS);
  assert.equal(ACCESS_LOG.tokenExpiring, '$context.authorizer.expiring');
  template.hasResourceProperties('AWS::Logs::MetricFilter', {
    LogGroupName: { Ref: Match.stringLikeRegexp('EndpointAccessLog') },
    FilterPattern: '{ $.tokenExpiring = "true" }',
    MetricTransformations: [Match.objectLike({ MetricName: 'PreviousTokenExpiring' })],
  });
  assertAlarmOnOne('PreviousTokenExpiring', template);
});

test('the bearer authorizer caches by the address too if it checks it, and never by that alone', () => {
  const sources = (context: Record<string, unknown>) =>
    Object.values(resources(templateWith(context), 'AWS::ApiGatewayV2::Authorizer')).map(
      ({ Properties }) => Properties['IdentitySource'],
    );
  const header = '$request.header.Authorization';
  assert.deepEqual(sources({}), [[header]]);
  assert.deepEqual(sources({ allowedSources: '' }), [[header]]);
  const checked = { allowedSources: '203.0.113.7/32,2001:db8::/56' };
  assert.deepEqual(sources(checked), [[header, '$context.identity.sourceIp']]);
  // The key authorizer's results are not cached at all.
  assert.deepEqual(sources({ ...checked, ...URL_KEYS })[1], []);
});

test('the stage throttles and writes access logs without a header or a path', () => {
  const template = templateWith();
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    StageName: '$default',
    DefaultRouteSettings: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 },
    AccessLogSettings: { Format: JSON.stringify(ACCESS_LOG) },
  });
  for (const variable of Object.values(ACCESS_LOG)) {
    // $context holds no request header.
    assert.match(variable, /^\$context\.[A-Za-z.]+$/);
    // The last part of a path may be a key; $context.routeKey is the route as it is declared.
    assert.doesNotMatch(variable, /path|resource|querystring/i);
  }
  const given = templateWith({ stageThrottleRate: 50, stageThrottleBurst: 20 });
  given.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 20 },
  });
});

test('a single 429 is an alarm, counted in the access log', () => {
  const template = templateWith();
  const [accessLog] = Object.keys(resources(template, 'AWS::Logs::LogGroup')).filter((id) =>
    /EndpointAccessLog/.test(id),
  );
  assert.equal(ACCESS_LOG.status, '$context.status');
  template.hasResourceProperties('AWS::Logs::MetricFilter', {
    LogGroupName: { Ref: accessLog },
    // In quotes: the access log writes every value as a string.
    FilterPattern: '{ $.status = "429" }',
    MetricTransformations: [
      Match.objectLike({ MetricNamespace: 'EcrAdmission', MetricName: 'TooManyRequests' }),
    ],
  });
  assertAlarmOnOne('TooManyRequests');
});

test('the admission function has its reserved concurrency', () => {
  const reserved = (context: Record<string, unknown>) =>
    only(templateWith(context), 'AWS::Lambda::Function', /^EcrAdmissionFunction/).Properties[
      'ReservedConcurrentExecutions'
    ];
  assert.equal(reserved({}), undefined);
  assert.equal(reserved({ admissionReservedConcurrency: 100 }), 100);
});

test('provisioned concurrency puts an alias between the endpoint and the function', () => {
  const template = templateWith({ provisionedConcurrency: 2 });
  template.hasResourceProperties('AWS::Lambda::Alias', {
    ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
  });
  template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
    IntegrationUri: { Ref: Match.stringLikeRegexp('Live') },
  });
  templateWith().resourceCountIs('AWS::Lambda::Alias', 0);
});

test('every alarm notifies the topic when it fires and when it is over', () => {
  const topic = 'arn:aws:sns:eu-west-1:123456789012:on-call';
  const alarms = (context: Record<string, unknown>) =>
    Object.values(resources(templateWith(context), 'AWS::CloudWatch::Alarm'));
  assert.equal(alarms({}).length, 13);
  assert.equal(alarms({ urlKeys: true }).length, 15);
  for (const alarm of alarms({ alarmTopicArn: topic, urlKeys: true })) {
    assert.deepEqual(alarm.Properties['AlarmActions'], [topic]);
    assert.deepEqual(alarm.Properties['OKActions'], [topic]);
  }
  for (const alarm of alarms({})) assert.equal(alarm.Properties['AlarmActions'], undefined);
});

test('silence is an alarm', () => {
  templateWith({ quietHours: 12 }).hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'Invocations',
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    Period: 3600,
    EvaluationPeriods: 12,
    TreatMissingData: 'breaching',
  });
});

test('a metric filter counts the log lines by their event code', () => {
  for (const [metric, events] of Object.entries(LOGGED_EVENTS)) {
    const tests = events.map((event) => `$.event = "${event}"`);
    const pattern = tests.length === 1 ? tests[0] : tests.map((one) => `(${one})`).join(' || ');
    templateWith().hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: `{ ${pattern} }`,
      MetricTransformations: [
        Match.objectLike({ MetricNamespace: 'EcrAdmission', MetricName: metric, MetricValue: '1' }),
      ],
    });
    assertAlarmOnOne(metric);
  }
});

test('each event code is one that the admission function logs', () => {
  const source = readFileSync(
    new URL('../../functions/admission/src/events.rs', import.meta.url),
    'utf8',
  );
  const logged = [...source.matchAll(/^pub(?:\(crate\))? const .*"([a-z_]+)"/gm)].map(
    ([, code]) => code,
  );
  for (const event of Object.values(LOGGED_EVENTS).flat()) assert.ok(logged.includes(event), event);
});

test('a single review that failed, or that was admitted by break-glass, is an alarm', () => {
  for (const metric of ['Failed', 'BreakGlass']) assertAlarmOnOne(metric);
});

function assertAlarmOnOne(metric: string, template = templateWith()): void {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'EcrAdmission',
    MetricName: metric,
    Statistic: 'Sum',
    Dimensions: Match.absent(),
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
  });
}

test('the dashboard shows denials by every rule there is', () => {
  const dashboard = only(templateWith(), 'AWS::CloudWatch::Dashboard').Properties['DashboardBody'];
  const body = JSON.stringify(dashboard).replaceAll('\\', '');
  assert.ok(body.includes(`SEARCH('{"EcrAdmission",Rule} MetricName="Denied"', 'Sum', 300)`), body);
});

test('the dashboard shows every count of reviews', () => {
  const dashboard = only(templateWith(), 'AWS::CloudWatch::Dashboard').Properties['DashboardBody'];
  const body = JSON.stringify(dashboard).replaceAll('\\', '');
  const counts = ['Admitted', 'Denied', 'Warned', 'Audited', 'Ignored', 'Failed', 'BreakGlass'];
  const others = [
    'FailedInLog',
    'BreakGlassInLog',
    'RegistryCalls',
    'Throttled',
    'TooManyRequests',
  ];
  for (const count of [...counts, ...others]) {
    assert.ok(body.includes(`["EcrAdmission","${count}"`), `${count} in ${body}`);
  }
});

const REWRITES = 'docker.io/=123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/';

test('the outputs are those that the operator tools and people read', () => {
  assert.deepEqual(Object.keys(templateWith().findOutputs('*')).sort(), [
    'AdmissionRoleArn',
    'AllowedSourcesInForce',
    'AuthorizerCacheSecondsInForce',
    'Dashboard',
    'Endpoint',
    'EndpointHost',
    'IgnoredNamespacesInForce',
    'MaxImagesInForce',
    'MetricsNamespaceInForce',
    'NextCommand',
    'PinNamespacesInForce',
    'PolicySecretInForce',
    'PublicEndpointInForce',
    'RegistryIdsInForce',
    'RegistryRegionInForce',
    'RewritesInForce',
    'SeverityLimitInForce',
    'TokenOverlapHoursInForce',
    'TokenSecretArn',
    'UrlKeysInForce',
    'VpcEndpointClustersInForce',
    'VpcEndpointIdsInForce',
    'WebAclArnInForce',
  ]);
  const outputs = templateWith({
    registryIds: '123456789012,210987654321',
    registryRegions: 'eu-west-1,us-east-1',
    policySecret: POLICY_SECRET_ARN,
    urlKeys: true,
    allowedSources: '203.0.113.7/32,::/0',
    severityLimit: 'HIGH',
    pinNamespaces: '*',
    rewrites: REWRITES,
    maxImages: 7,
  }).findOutputs('*');
  const values = Object.entries(outputs).map(([name, { Value }]) => [name, Value]);
  assert.deepEqual(
    Object.fromEntries(values.filter(([name]) => /^(Reg|Pol|Url|All|Sev|Pin|Rew|Max)/.test(name))),
    {
      RegistryIdsInForce: '123456789012,210987654321',
      RegistryRegionInForce: 'eu-west-1,us-east-1',
      PolicySecretInForce: POLICY_SECRET_ARN,
      UrlKeysInForce: 'true',
      AllowedSourcesInForce: '203.0.113.7/32,::/0',
      SeverityLimitInForce: 'HIGH',
      PinNamespacesInForce: '*',
      RewritesInForce: REWRITES,
      MaxImagesInForce: '7',
    },
  );
});
