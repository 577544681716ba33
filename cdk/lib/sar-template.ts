import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { stringify } from 'yaml';
import { type SarApplication, SarStack } from './sar-stack';

const ROOT = new URL('../../', import.meta.url);

/** Where the committed template is. */
export const TEMPLATE = new URL('infra/template.yaml', ROOT);

const HEADER = `# Generated from cdk/ (npm run sar), for the Serverless Application Repository. Do not edit:
# scripts/checks/infra fails when it is not what the CDK app synthesises. The paths at CodeUri are for
# \`sam package\`, which puts the addresses of the uploaded files there.
`;

/** What infra/application.json and Cargo.toml say of the application. */
export function sarApplication(): SarApplication {
  const application = JSON.parse(readFileSync(new URL('infra/application.json', ROOT), 'utf8'));
  return { ...application, semanticVersion: workspaceVersion() };
}

/** The text of infra/template.yaml. */
export function sarTemplate(): string {
  const app = new App({ analyticsReporting: false });
  const stack = new SarStack(app, 'ecr-admission', sarApplication());
  const template = app.synth().getStackArtifact(stack.artifactId).template;
  return HEADER + stringify(template, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** One version for everything: that of the Cargo workspace. */
function workspaceVersion(): string {
  const manifest = readFileSync(new URL('Cargo.toml', ROOT), 'utf8');
  const version = /^\[workspace\.package\][^[]*?^version = "([^"]+)"/ms.exec(manifest)?.[1];
  if (!version) throw new Error('Cargo.toml has no version under [workspace.package]');
  return version;
}
