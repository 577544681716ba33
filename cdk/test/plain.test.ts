import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PARAMETERS } from '../lib/parameters';
import { shorter } from '../lib/shorter';
import { plainTemplate, sarTemplate, synthesizedPlain } from '../lib/templates';
import { workspaceVersion } from '../lib/version';
import { deployed } from './deployed';
import { POLICY_SECRET_ARN } from './stacks';

const text = plainTemplate();
const template = parse(text);
const sar = parse(sarTemplate());

const CODE = ['CodeBucket', 'CodeBucketPerRegion', 'CodeKeyPrefix', 'Architecture'];
const BUCKET = { CodeBucket: 'releases' };
const EVERYTHING = {
  ...BUCKET,
  UrlKeys: 'true',
  AllowedSources: '203.0.113.7/32',
  VpcEndpointIds: 'vpce-0123456789abcdef0',
  VpcEndpointClusters: 'blue',
  PolicySecret: POLICY_SECRET_ARN,
  AlarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:on-call',
};

const ofType = (parameters: Record<string, string>, type: string): any[] =>
  Object.values<any>(deployed(template, parameters).resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);

test('a StackSet of an organization takes the template', () => {
  assert.equal(template.Transform, undefined);
  assert.doesNotMatch(text, /AWS::Serverless|AWS::LanguageExtensions|Fn::Transform|Fn::ForEach/);
  // An export must be unique in a Region of an account.
  for (const output of Object.values<any>(template.Outputs)) assert.equal(output.Export, undefined);
  // It is in no account that was bootstrapped for the CDK.
  assert.doesNotMatch(text, /BootstrapVersion|cdk-hnb659fds|AWS::CDK::Metadata|aws:cdk/);
  // The limits of CloudFormation for a template in S3.
  assert.ok(Buffer.byteLength(text) < 1_000_000, `${Buffer.byteLength(text)} bytes`);
  assert.ok(Object.keys(template.Parameters).length <= 200);
  assert.ok(Object.keys(template.Resources).length <= 500);
});

test('no resource has a fixed name, so that stacks of two Regions, or of one, do not clash', () => {
  const names = /^(?:Alarm|Alias|Dashboard|Function|LogGroup|Policy|Role|Secret)?Name$/;
  // Within their resource, or within their API.
  const inner = ['calls', 'policySecret', 'bearer', 'url', '$default', 'v1'];
  for (const [id, { Type, Properties }] of Object.entries<any>(
    deployed(template, EVERYTHING).resources,
  )) {
    for (const [name, value] of Object.entries<any>(Properties ?? {})) {
      if (!names.test(name) || inner.includes(value)) continue;
      assert.match(String(value), /^(<|serverlessrepo-ecr-admission)/, `${id} (${Type}): ${name}`);
    }
  }
});

test('each function gets the value of each parameter that it reads', () => {
  for (const { Resources } of [template, sar]) {
    const functions = Object.values<any>(Resources).filter(({ Type }) =>
      /^AWS::(Lambda|Serverless)::Function$/.test(Type),
    );
    assert.equal(functions.length, 3);
    for (const { parameter, variable, functions: readers = [] } of PARAMETERS) {
      if (!parameter || !variable) continue;
      const values = functions.flatMap(({ Properties }) => {
        const { [variable]: value } = Properties.Environment.Variables;
        return value === undefined ? [] : [JSON.stringify(value)];
      });
      assert.ok(values.length >= readers.length, variable);
      for (const value of values) assert.match(value, new RegExp(`"Ref":"${parameter}"`), variable);
    }
  }
});

test('the parameters are those of the code, then those of the application', () => {
  const names = PARAMETERS.flatMap(({ parameter }) => parameter ?? []);
  assert.deepEqual(Object.keys(template.Parameters), [...CODE, ...names]);
  for (const { parameter, plainOnly } of PARAMETERS) {
    if (!parameter || plainOnly) continue;
    assert.deepEqual(template.Parameters[parameter], sar.Parameters[parameter], parameter);
  }
  const required = Object.entries<any>(template.Parameters).filter(
    ([, { Default }]) => Default === undefined,
  );
  assert.deepEqual(
    required.map(([name]) => name),
    ['CodeBucket'],
  );
});

test('the functions come from the bucket, under a key with the version', () => {
  const version = workspaceVersion();
  const code = (parameters: Record<string, string>) =>
    ofType({ ...BUCKET, UrlKeys: 'true', ...parameters }, 'AWS::Lambda::Function').map(
      ({ Architectures, Code: { S3Bucket, S3Key } }) => [Architectures[0], S3Bucket, S3Key],
    );
  const each = (architecture: string, bucket: string, prefix: string) =>
    ['admission', 'authorizer', 'authorizer'].map((name) => [
      architecture,
      bucket,
      `${prefix}ecr-admission/${version}/${name}-${architecture}.zip`,
    ]);
  assert.deepEqual(code({}), each('arm64', 'releases', ''));
  assert.deepEqual(
    code({ CodeBucketPerRegion: 'true', CodeKeyPrefix: 'a/b/', Architecture: 'x86_64' }),
    each('x86_64', 'releases-eu-west-1', 'a/b/'),
  );
});

test('the patterns of the bucket and of the prefix accept what S3 does, and a prefix ends with a slash', () => {
  const matches = (name: string, value: string) =>
    new RegExp(template.Parameters[name].AllowedPattern).test(value);
  for (const bucket of ['abc', 'my-packages', 'a.b-c1']) assert.ok(matches('CodeBucket', bucket));
  for (const bucket of ['', 'ab', 'My-packages', '-abc', 's3://abc', 'abc/']) {
    assert.ok(!matches('CodeBucket', bucket), bucket);
  }
  for (const prefix of ['', 'a/', 'a/b.c/']) assert.ok(matches('CodeKeyPrefix', prefix));
  for (const prefix of ['a', '/', '/a/', 'a//', 'a b/']) {
    assert.ok(!matches('CodeKeyPrefix', prefix), prefix);
  }
});

test('the shorter template deploys what the CDK wrote', () => {
  const whole = synthesizedPlain() as any;
  for (const parameters of [BUCKET, EVERYTHING]) {
    const [expected, got] = [whole, shorter(whole)].map((one) => {
      const { resources, outputs } = deployed(one, parameters);
      for (const resource of Object.values<any>(resources)) {
        if (resource.Type !== 'AWS::Logs::LogGroup') continue;
        for (const policy of ['DeletionPolicy', 'UpdateReplacePolicy']) delete resource[policy];
      }
      return { resources, outputs };
    });
    assert.deepEqual(got, expected);
  }
});

test('but for the code and the REST API, it deploys what the application does', () => {
  for (const parameters of [{}, EVERYTHING] as Record<string, string>[]) {
    const [plain, application] = [template, sar].map((one) =>
      deployed(one, { ...BUCKET, ...parameters }),
    );
    const comparable = ({ resources }: any) =>
      Object.fromEntries(
        Object.entries<any>(resources)
          .filter(([, { Type }]) => !/Api(?:Gateway)?(?:::|$)/.test(Type))
          .map(([id, { Type, Properties, ...more }]) => {
            const { Code, CodeUri, ...properties } = Properties;
            return [
              // The id of a permission names what may be called.
              id.replace(/EcrAdmission(Live|Function)[0-9A-F]{8}(.+)[0-9A-F]{8}$/, '$2'),
              { ...more, Type: Type.replace('Serverless', 'Lambda'), Properties: properties },
            ];
          }),
      );
    assert.deepEqual(comparable(plain), comparable(application));
    assert.deepEqual(plain!.outputs, application!.outputs);
  }
});

test('a new version of the REST API is a new deployment, and its stage serves that one', () => {
  const all = Object.entries<any>(deployed(template, EVERYTHING).resources);
  const [[deployment] = [''], ...others] = all.filter(([, { Type }]) => /::Deployment$/.test(Type));
  assert.deepEqual(others, []);
  assert.match(deployment, /^EcrAdmissionRestDeployment110[0-9A-F]{8}[0-9a-f]{16}$/);
  const [stage] = ofType(EVERYTHING, 'AWS::ApiGateway::Stage');
  assert.equal(stage.DeploymentId, `<${deployment}>`);
  assert.deepEqual(ofType(BUCKET, 'AWS::ApiGateway::RestApi'), []);
  assert.deepEqual(ofType(BUCKET, 'AWS::ApiGateway::Deployment'), []);
});
