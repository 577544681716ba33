import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Settings } from './settings';

/** A log group of the stack, which is deleted with it unless the setting keepLogs says otherwise. */
export class Log extends LogGroup {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      retention: settings.logRetentionDays,
      // Kept also where a later update removes it, but not where its creation is rolled back.
      removalPolicy: settings.keepLogs
        ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        : RemovalPolicy.DESTROY,
    });
  }
}
