import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type AppProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { EcrAdmissionStack } from '../lib/ecr-admission-stack';
import type { EcrAdmissionCode } from '../lib/props';

export type Resource = {
  Type: string;
  Properties: Record<string, any>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
};

/** Deleted when this process ends. */
const folder = mkdtempSync(join(tmpdir(), 'ecr-admission-'));
process.once('exit', () => rmSync(folder, { recursive: true }));

/**
 * Code for tests of the template: any file will do, since nothing here is deployed. The executables
 * that ship are deployed and called by scripts/checks/tests/test_deployment.py.
 */
export function anyCode(): EcrAdmissionCode {
  return { admission: zip('admission'), authorizer: zip('authorizer') };
}

function zip(name: string): Code {
  const path = join(folder, `${name}.zip`);
  writeFileSync(path, name);
  return Code.fromAsset(path);
}

/** A stack as `cdk deploy -c NAME=VALUE …` creates it. */
export function stackWith(context: Record<string, unknown> = {}, props: AppProps = {}) {
  const app = new App({ analyticsReporting: false, ...props, context });
  return new EcrAdmissionStack(app, 'EcrAdmission', { code: anyCode() });
}

export function templateWith(context: Record<string, unknown> = {}): Template {
  return Template.fromStack(stackWith(context));
}

export function resources(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>;
}

/** The one resource of `type` whose logical id matches. */
export function only(template: Template, type: string, id: RegExp = /./): Resource {
  const found = Object.entries(resources(template, type)).filter(([name]) => id.test(name));
  if (found.length !== 1) {
    throw new Error(`${found.length} resources of type ${type} match ${id}; expected 1`);
  }
  return found[0]![1];
}

/** The policy statements of the role whose logical id matches. */
export function statements(template: Template, role: RegExp): Record<string, any>[] {
  const { Policies } = only(template, 'AWS::IAM::Role', role).Properties;
  return Policies.flatMap((policy: any) => policy.PolicyDocument.Statement);
}

export const POLICY_SECRET_ARN =
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-admission/policy-AbCdEf';

export const ADMISSION_ROLE = /^EcrAdmissionRole/;
export const AUTHORIZER_ROLE = /^EcrAdmissionAuthorizerRole/;
export const KEY_AUTHORIZER_ROLE = /^EcrAdmissionUrlKeysAuthorizerRole/;
