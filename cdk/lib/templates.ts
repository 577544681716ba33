import { readFileSync } from 'node:fs';
import { App, type Stack } from 'aws-cdk-lib';
import { stringify } from 'yaml';
import { functionsWithoutCanary, logsToKeep } from './conditional-references';
import { withoutImplied } from './depends-on';
import { PlainStack } from './plain-stack';
import { type SarApplication, SarStack } from './sar-stack';
import { shorter } from './shorter';

const ROOT = new URL('../../', import.meta.url);

const SAR_HEADER = `# For the Serverless Application Repository. Generated from cdk/ (npm run generate); do not edit.
# \`sam package\` uploads the files that CodeUri names and puts their addresses there.
`;

const PLAIN_HEADER = `# For CloudFormation, StackSets and Terraform. Generated from cdk/ (npm run generate); do not edit.
# README.md says how to deploy it.
`;

/** The application as infra/application.json and Cargo.toml describe it. */
export function sarApplication(): SarApplication {
  const application = JSON.parse(readFileSync(new URL('infra/application.json', ROOT), 'utf8'));
  return { ...application, semanticVersion: workspaceVersion() };
}

/** The text of infra/template.yaml. */
export function sarTemplate(): string {
  return SAR_HEADER + written(synthesizedSar());
}

/** The text of infra/cloudformation.yaml. */
export function plainTemplate(): string {
  return PLAIN_HEADER + written(synthesizedPlain());
}

function written(template: unknown): string {
  return stringify(withoutImplied(shorter(template)), {
    // What CloudFormation reads: OFF is a boolean there, unless it is quoted.
    version: '1.1',
    lineWidth: 0,
    indentSeq: false,
    aliasDuplicateObjects: false,
  });
}

/** The templates as the CDK writes them. */
export function synthesizedSar(): unknown {
  return synthesized((app) => new SarStack(app, 'ecr-admission', sarApplication()));
}

export function synthesizedPlain(): unknown {
  return functionsWithoutCanary(
    synthesized((app) => new PlainStack(app, 'ecr-admission', workspaceVersion())),
  );
}

function synthesized(stackIn: (app: App) => Stack): unknown {
  const app = new App({ analyticsReporting: false });
  const { artifactId } = stackIn(app);
  return logsToKeep(app.synth().getStackArtifact(artifactId).template);
}

/** The version of the Cargo workspace, which is that of everything. */
export function workspaceVersion(): string {
  const manifest = readFileSync(new URL('Cargo.toml', ROOT), 'utf8');
  const version = /^\[workspace\.package\][^[]*?^version = "([^"]+)"/ms.exec(manifest)?.[1];
  if (!version) throw new Error('Cargo.toml has no version under [workspace.package]');
  return version;
}
