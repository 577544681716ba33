import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CfnResource } from 'aws-cdk-lib';
import { Architecture, Code, type CodeConfig } from 'aws-cdk-lib/aws-lambda';
import type { EcrAdmissionCode } from './props';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** `arm64` or `x86_64`, also the folder that `scripts/build` writes to. */
export function folderOf(architecture: Architecture): string {
  return architecture.name;
}

/** The zips that `scripts/build` made; throws with what to do if there are none. */
export function builtCode(architecture: Architecture): EcrAdmissionCode {
  const zip = (name: string): Code => {
    const path = `${DIST}${folderOf(architecture)}/${name}.zip`;
    if (!existsSync(path)) {
      const build = `scripts/build --arch ${folderOf(architecture)}`;
      throw new Error(`${path} does not exist; run ${build} first`);
    }
    return Code.fromAsset(path);
  };
  return { admission: zip('admission'), authorizer: zip('authorizer') };
}

/**
 * A path in the template, for `sam package`, which uploads the file and puts its address there. Only a
 * serverless function may have a path, so the function becomes one; SAM converts it back.
 */
export class LocalZip extends Code {
  constructor(private readonly path: string) {
    super();
  }

  override bind(): CodeConfig {
    // Placeholders: bindToResource removes them.
    return { s3Location: { bucketName: 'none', objectKey: this.path } };
  }

  override bindToResource(resource: CfnResource): void {
    resource.addOverride('Type', 'AWS::Serverless::Function');
    resource.addPropertyDeletionOverride('Code');
    resource.addPropertyOverride('CodeUri', this.path);
  }
}
