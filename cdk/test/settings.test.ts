import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { builtCode } from '../lib/code';
import { stackWith } from './stacks';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret';

const refused: [Record<string, unknown>, RegExp][] = [
  [{ severityLimit: 'critical' }, /severityLimit is 'critical'; expected INFORMATIONAL, LOW/],
  [{ logLevel: 'TRACE' }, /logLevel is 'TRACE'; expected DEBUG/],
  [{ registryIds: '12345678901' }, /registryIds has '12345678901'; expected .* 123456789012/],
  [{ registryIds: '' }, /registryIds is empty/],
  [{ registryRegions: 'Ireland' }, /registryRegions has 'Ireland'; expected .* eu-west-1/],
  [{ ignoredNamespaces: 'kube_system' }, /ignoredNamespaces has 'kube_system'/],
  [{ pinNamespaces: 'shop,*' }, /pinNamespaces has '\*'; expected .* shop/],
  [{ rewrites: 'docker.io/' }, /rewrites has 'docker.io\/'; expected .*docker-hub/],
  [
    { policySecret: 'ecr-admission/policy' },
    /policySecret has 'ecr-.*; expected .* arn:aws:secrets/,
  ],
  [{ policySecret: `${SECRET}:ecr-admission/policy` }, /policySecret has .*policy-AbCdEf/],
  [{ policySecret: `${SECRET}:ecr-admission/*-AbCdEf` }, /policySecret has/],
  [{ policySecret: `${SECRET}:ecr-admission/policy-??????` }, /policySecret has/],
  [{ policySecret: `${SECRET}:policy-AbCdEf:json-key::` }, /policySecret has/],
  [{ policySecret: `${SECRET.replace('eu-west-1', '*')}:policy-AbCdEf` }, /policySecret has/],
  [
    { policySecret: `${SECRET.replace('secretsmanager', 'ssm')}:policy-AbCdEf` },
    /policySecret has/,
  ],
  [{ metricsNamespace: 'AWS/Lambda' }, /metricsNamespace has 'AWS\/Lambda'/],
  [{ cacheSeconds: '301' }, /cacheSeconds is 301; expected a whole number from 0 to 300/],
  [{ cacheSeconds: '1.5' }, /cacheSeconds is '1.5'; expected a whole number/],
  [{ tokenOverlapHours: 169 }, /tokenOverlapHours is 169/],
  [{ authorizerCacheSeconds: 3601 }, /authorizerCacheSeconds is 3601/],
  [{ quietHours: 0 }, /quietHours is 0/],
  [{ maxImages: 0 }, /maxImages is 0; expected a whole number from 1 to 500/],
  [{ maxImages: 501 }, /maxImages is 501/],
  [{ stageThrottleRate: 0 }, /stageThrottleRate is 0; expected a whole number from 1/],
  [{ stageThrottleBurst: 0 }, /stageThrottleBurst is 0; expected a whole number from 1/],
  [{ architecture: 'amd64' }, /architecture is 'amd64'; expected arm64 or x86_64/],
  [{ severtyLimit: 'HIGH' }, /unknown context 'severtyLimit'; expected one of registryRegions/],
];

for (const [context, message] of refused) {
  test(`refused: ${JSON.stringify(context)}`, () => {
    assert.throws(() => stackWith(context), message);
  });
}

for (const policySecret of [
  '',
  `${SECRET}:ecr-admission/policy-AbCdEf`,
  // Of another account: the pattern says nothing of whose it is.
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

test("the CDK's own context is left alone", () => {
  stackWith({ 'aws:cdk:bundling-stacks': ['**'], '@aws-cdk/core:checkSecretUsage': true });
});

test('an executable that was not built is named, with the command that builds it', () => {
  const riscv = Architecture.custom('riscv64');
  assert.throws(
    () => builtCode(riscv),
    /riscv64\/admission\.zip does not exist; run scripts\/build/,
  );
});
