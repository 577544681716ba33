import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { stringify } from 'yaml';
import { withoutImplied } from './depends-on';
import { type SarApplication, SarStack } from './sar-stack';
import { shorter } from './shorter';
import { workspaceVersion } from './version';

const ROOT = new URL('../../', import.meta.url);

const HEADER = `# For the Serverless Application Repository. Generated from cdk/ (npm run generate); do not edit.
# \`sam package\` uploads the files that CodeUri names and puts their addresses there.
`;

/** The application as infra/application.json and Cargo.toml describe it. */
export function sarApplication(): SarApplication {
  const application = JSON.parse(readFileSync(new URL('infra/application.json', ROOT), 'utf8'));
  return { ...application, semanticVersion: workspaceVersion() };
}

/** The text of infra/template.yaml. */
export function sarTemplate(): string {
  return (
    HEADER +
    stringify(withoutImplied(shorter(synthesized())), {
      // What CloudFormation reads: OFF is a boolean there, unless it is quoted.
      version: '1.1',
      lineWidth: 0,
      indentSeq: false,
      aliasDuplicateObjects: false,
    })
  );
}

/** The template as the CDK writes it. */
export function synthesized(): unknown {
  const app = new App({ analyticsReporting: false });
  const stack = new SarStack(app, 'ecr-admission', sarApplication());
  return app.synth().getStackArtifact(stack.artifactId).template;
}
