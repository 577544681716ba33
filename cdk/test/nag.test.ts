import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { EcrAdmissionStack } from '../lib/ecr-admission-stack';
import { PlainStack } from '../lib/plain-stack';
import { SarStack } from '../lib/sar-stack';
import { sarApplication, workspaceVersion } from '../lib/templates';
import { anyCode, POLICY_SECRET_ARN } from './stacks';

function nagged(context: Record<string, unknown> = {}) {
  const app = new App({ analyticsReporting: false, context });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return app;
}

test('cdk-nag finds nothing in the stack that is not suppressed', () => {
  const app = nagged({
    registryIds: '123456789012,210987654321',
    provisionedConcurrency: 1,
    canary: 'canary-10-percent-5-minutes',
    urlKeys: true,
    policySecret: POLICY_SECRET_ARN,
  });
  new EcrAdmissionStack(app, 'EcrAdmission', { code: anyCode() });
  app.synth();
});

test('cdk-nag finds nothing in the SAR template that is not suppressed', () => {
  const app = nagged();
  new SarStack(app, 'Sar', sarApplication());
  app.synth();
});

test('cdk-nag finds nothing in the plain template that is not suppressed', () => {
  const app = nagged();
  new PlainStack(app, 'Plain', workspaceVersion());
  app.synth();
});

test('a suppression covers only what it names: a wider policy is found', () => {
  const app = nagged();
  const stack = new EcrAdmissionStack(app, 'EcrAdmission', { code: anyCode() });
  const wider = new PolicyStatement({ actions: ['ecr:*'], resources: ['arn:aws:ecr:*:*:*'] });
  stack.admission.admission.role.addToPolicy(wider);
  assert.throws(() => app.synth(), /Validation failed/);
});
