import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { builtCode } from '../lib/code';
import { stackWith } from './stacks';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret';

const VPCE = 'vpce-01234567';
const WEB_ACL =
  'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/webhooks/01234567-89ab-cdef-0123-456789abcdef';

const refused: [Record<string, unknown>, RegExp][] = [
  [
    { severityLimit: 'critical' },
    /^severityLimit: expected INFORMATIONAL, LOW, .* or CRITICAL, got "critical"$/,
  ],
  [{ logLevel: 'TRACE' }, /^logLevel: expected DEBUG, INFO, WARN or ERROR, got "TRACE"$/],
  [
    { registryIds: '12345678901' },
    /^registryIds: expected items like 123456789012, got "12345678901"$/,
  ],
  [{ registryIds: '' }, /^registryIds: expected items like 123456789012, got nothing$/],
  [
    { registryRegions: 'Ireland' },
    /^registryRegions: expected items like eu-west-1, got "Ireland"$/,
  ],
  [{ ignoredNamespaces: 'kube_system' }, /^ignoredNamespaces: .* got "kube_system"$/],
  [{ pinNamespaces: 'shop,*' }, /^pinNamespaces: expected items like shop, or \* alone, got "\*"$/],
  [{ rewrites: 'docker.io/' }, /^rewrites: expected .*docker-hub\/, got "docker.io\/"$/],
  [
    { policySecret: 'ecr-admission/policy' },
    /^policySecret: expected nothing, or a value like arn:aws:secrets.*, got "ecr-admission\/policy"$/,
  ],
  [{ policySecret: `${SECRET}:ecr-admission/policy` }, /^policySecret: .*policy-AbCdEf, got/],
  [{ policySecret: `${SECRET}:ecr-admission/*-AbCdEf` }, /^policySecret: /],
  [{ policySecret: `${SECRET}:ecr-admission/policy-??????` }, /^policySecret: /],
  [{ policySecret: `${SECRET}:policy-AbCdEf:json-key::` }, /^policySecret: /],
  [{ policySecret: `${SECRET.replace('eu-west-1', '*')}:policy-AbCdEf` }, /^policySecret: /],
  [{ policySecret: `${SECRET.replace('secretsmanager', 'ssm')}:policy-AbCdEf` }, /^policySecret: /],
  [{ metricsNamespace: 'AWS/Lambda' }, /^metricsNamespace: .*, got "AWS\/Lambda"$/],
  [{ metricsNamespace: ':Own' }, /^metricsNamespace: .*, got ":Own"$/],
  [{ metricsNamespace: '' }, /^metricsNamespace: expected a value like EcrAdmission, got nothing$/],
  [
    { cacheSeconds: '301' },
    /^cacheSeconds: expected a whole number of seconds from 0 to 300, got 301$/,
  ],
  [{ cacheSeconds: '1.5' }, /^cacheSeconds: expected a whole number of seconds .*, got "1.5"$/],
  [{ tokenOverlapHours: 169 }, /^tokenOverlapHours: .* got 169$/],
  [{ authorizerCacheSeconds: 3601 }, /^authorizerCacheSeconds: .* got 3601$/],
  [{ quietHours: 0 }, /^quietHours: .* got 0$/],
  [{ maxImages: 0 }, /^maxImages: expected a whole number of images from 1 to 500, got 0$/],
  [{ maxImages: 501 }, /^maxImages: .* got 501$/],
  [{ stageThrottleRate: 0 }, /^stageThrottleRate: .* from 1 to 100000, got 0$/],
  [{ stageThrottleBurst: 0 }, /^stageThrottleBurst: .* from 1 to 100000, got 0$/],
  [{ urlKeys: 'yes' }, /^urlKeys: expected true or false, got "yes"$/],
  [{ urlKeyThrottleRate: 0 }, /^urlKeyThrottleRate: .* from 1 to 100000, got 0$/],
  [
    { allowedSources: '203.0.113.7' },
    /^allowedSources: expected items like 203.0.113.7\/32, got "203.0.113.7"$/,
  ],
  [{ allowedSources: '10.0.0.0/8,2001:db8::/129' }, /^allowedSources: .* got "2001:db8::\/129"$/],
  [{ publicEndpoint: 'no' }, /^publicEndpoint: expected true or false, got "no"$/],
  [
    { publicEndpoint: false },
    /^publicEndpoint: expected true without vpcEndpointIds .*, got false$/,
  ],
  [{ vpcEndpointIds: 'vpc-1' }, /^vpcEndpointIds: expected items like vpce-.*, got "vpc-1"$/],
  [
    { vpcEndpointIds: `${VPCE},${VPCE}` },
    /^vpcEndpointIds: expected each endpoint once, got "vpce-01234567"$/,
  ],
  [
    { vpcEndpointClusters: 'blue' },
    /^vpcEndpointClusters: expected a cluster for each of the 0 endpoints .*, got \["blue"\]$/,
  ],
  [
    { vpcEndpointIds: VPCE, vpcEndpointClusters: 'blue,green' },
    /^vpcEndpointClusters: .* the 1 endpoints of vpcEndpointIds, got \["blue","green"\]$/,
  ],
  [
    { webAclArn: 'webhooks' },
    /^webAclArn: expected nothing, or a value like arn:.*, got "webhooks"$/,
  ],
  [
    { webAclArn: WEB_ACL, vpcEndpointIds: VPCE },
    /^webAclArn: expected nothing with vpcEndpointIds, got "arn:/,
  ],
  [
    { vpcEndpointIds: VPCE, publicEndpoint: false, allowedSources: '203.0.113.7/32' },
    /^allowedSources: expected nothing with a private API alone, .*, got \["203.0.113.7\/32"\]$/,
  ],
  [{ logRetentionDays: 2 }, /^logRetentionDays: expected 1, 3, .* or 3653 days, got 2$/],
  [
    { ticketTopicArn: 'arn:aws:sns:eu-west-1:123456789012:tickets' },
    /^ticketTopicArn: expected nothing without alarmTopicArn, got "arn:aws:sns:eu-west-1:123456789012:tickets"$/,
  ],
  [{ alarmTopicArn: 'on-call' }, /^alarmTopicArn: expected nothing, or .*, got "on-call"$/],
  [{ architecture: 'amd64' }, /^architecture: expected arm64 or x86_64, got "amd64"$/],
  [{ severtyLimit: 'HIGH' }, /^context: expected one of stackName, .*, got "severtyLimit"$/],
];

for (const [context, message] of refused) {
  test(`refused: ${JSON.stringify(context)}`, () => {
    assert.throws(
      () => stackWith(context),
      (error: Error) => message.test(error.message),
    );
  });
}

for (const policySecret of [
  '',
  `${SECRET}:ecr-admission/policy-AbCdEf`,
  // Of another account.
  `${SECRET.replace('123456789012', '210987654321')}:a-b_c+d=e.f@g/h-0a1B2c`,
  'arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:policy-AbCdEf',
  'arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:policy-AbCdEf',
  'arn:aws-iso-b:secretsmanager:us-isob-east-1:123456789012:secret:policy-AbCdEf',
  'arn:aws-eusc:secretsmanager:eusc-de-east-1:123456789012:secret:policy-AbCdEf',
]) {
  test(`accepted as a policy secret: '${policySecret}'`, () => {
    assert.equal(stackWith({ policySecret }).admission.settings.policySecret, policySecret);
  });
}

test('a flag is a word of the command line, or JSON', () => {
  for (const given of [true, 'true', ' true ']) {
    assert.equal(stackWith({ urlKeys: given }).admission.settings.urlKeys, true);
  }
  for (const given of [false, 'false']) {
    assert.equal(stackWith({ urlKeys: given }).admission.urlKeys, undefined);
  }
});

test("the CDK's own context is accepted", () => {
  stackWith({ 'aws:cdk:bundling-stacks': ['**'], '@aws-cdk/core:checkSecretUsage': true });
});

test('a missing executable is named, with the command that builds it', () => {
  const riscv = Architecture.custom('riscv64');
  assert.throws(
    () => builtCode(riscv),
    /riscv64\/admission\.zip does not exist; run scripts\/build/,
  );
});
