import { Fn } from 'aws-cdk-lib';
import {
  CfnApplication,
  CfnConfigurationProfile,
  CfnHostedConfigurationVersion,
} from 'aws-cdk-lib/aws-appconfig';
import { Construct } from 'constructs';
import { PARAMETERS } from './parameters';

/** The parameters of a template that change a function, besides those that are its variables. */
const OTHERS = ['Architecture', 'KeepLogs'];

/**
 * A number for the values of the parameters. A version of a function keeps the settings that it was published with,
 * and CloudFormation publishes another one only if a property of the version itself changes: the number of this
 * record does, since a record is made again for another content. Nobody reads the content.
 *
 * The number is in each function too: Lambda publishes no version of a function that did not change.
 */
export class SettingsRecord extends Construct {
  readonly number: string;

  constructor(scope: Construct, id: string, version: string) {
    super(scope, id);
    const description = 'ecr-admission: numbers the settings of the functions';
    const { ref: applicationId } = new CfnApplication(this, 'Application', {
      // Need not be unique; the name of a stack can be too long.
      name: 'ecr-admission',
      description,
    });
    const { ref: configurationProfileId } = new CfnConfigurationProfile(this, 'Profile', {
      applicationId,
      name: 'settings',
      locationUri: 'hosted',
      description,
    });
    const ofFunctions = PARAMETERS.flatMap(({ parameter, variable }) =>
      parameter && variable ? [parameter] : [],
    );
    const lines = [...OTHERS, ...ofFunctions].map((name) => `${name}=${Fn.ref(name)}`);
    this.number = new CfnHostedConfigurationVersion(this, 'Record', {
      applicationId,
      configurationProfileId,
      contentType: 'text/plain',
      content: [`ecr-admission ${version}`, ...lines].join('\n'),
    }).attrVersionNumber;
  }
}
