import { createHash } from 'node:crypto';
import { Aws, Lazy, Stack } from 'aws-cdk-lib';
import { CfnDeployment, CfnRestApi, CfnStage } from 'aws-cdk-lib/aws-apigateway';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { hasPrivateApi } from './doors';
import { ACCESS_LOG, PATHS } from './endpoint';
import { openApi } from './open-api';
import { Log } from './log';
import type { Settings } from './settings';
import { KEY_PATHS, type UrlKeys } from './url-keys';

/** The stage, which is the first part of each path. */
export const STAGE = 'v1';

/**
 * One line per request in the terms of a REST API, with the same names as that of the HTTP API, so that the
 * same metric filters count it: `route` is the method and the resource as it is declared, never the path.
 */
export const REST_ACCESS_LOG = {
  ...ACCESS_LOG,
  vpcEndpoint: '$context.identity.vpceId',
  route: '$context.httpMethod $context.resourcePath',
};

const OFF = { loggingLevel: 'OFF', dataTraceEnabled: false, metricsEnabled: false };

/**
 * The REST API in front of the same functions: private, for the VPC endpoints of the settings, or regional,
 * behind a web ACL. With urlKeys, it has their routes too.
 */
export class RestEndpoint extends Construct {
  readonly isPrivate: boolean;
  /** By which CloudWatch knows it. */
  readonly apiName: string;
  readonly api: CfnRestApi;
  readonly deployment: CfnDeployment;
  readonly stage: CfnStage;
  /** Where to send reviews, without a trailing slash. For a private API, its host has the endpoint's id too. */
  readonly url: string;
  /** The permissions that only urlKeys makes necessary. */
  readonly keyPermissions: Construct;
  /** With the setting restAccessLog. */
  readonly accessLog?: Log;

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    readonly functions: { readonly admission: IFunction; readonly bearer: IFunction },
    urlKeys?: UrlKeys,
  ) {
    super(scope, id);
    const url = urlKeys?.authorizer.target;
    this.isPrivate = hasPrivateApi(settings);
    this.api = new CfnRestApi(this, 'Api', {
      description: 'ecr-admission: the webhook that kube-apiserver calls',
      endpointConfiguration: this.isPrivate
        ? {
            types: ['PRIVATE'],
            ipAddressType: 'dualstack',
            vpcEndpointIds: settings.vpcEndpointIds,
          }
        : { types: ['REGIONAL'] },
      // The import of the body creates the API.
      parameters: { endpointConfigurationTypes: this.isPrivate ? 'PRIVATE' : 'REGIONAL' },
      // A route that is no longer in the body is deleted.
      mode: 'overwrite',
    });
    // CloudWatch has the metrics of REST APIs by name, and a stack may have two of the construct.
    this.apiName = `${Aws.STACK_NAME}-${Stack.of(this).getLogicalId(this.api).slice(-8)}`;
    this.api.name = this.apiName;
    this.api.body = openApi(settings, this.apiName, { ...functions, url });
    this.deployment = this.deploy();
    if (settings.restAccessLog) {
      this.accessLog = new Log(this, 'AccessLog', settings);
    }
    this.stage = new CfnStage(this, 'Stage', {
      restApiId: this.api.ref,
      deploymentId: this.deployment.ref,
      stageName: STAGE,
      tracingEnabled: false,
      methodSettings: methodSettings(settings),
      accessLogSetting: this.accessLog && {
        destinationArn: this.accessLog.logGroupArn,
        format: JSON.stringify(REST_ACCESS_LOG),
      },
    });
    this.url = `https://${this.api.ref}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${STAGE}`;
    this.keyPermissions = new Construct(this, 'Keys');
    this.allowCalls(url);
    if (settings.webAclArn !== '') {
      new CfnWebACLAssociation(this, 'WebAcl', {
        resourceArn: `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}::/restapis/${this.api.ref}/stages/${this.stage.ref}`,
        webAclArn: settings.webAclArn,
      });
    }
  }

  /** A deployment is a copy of the API, which CloudFormation renews only under another logical id. */
  deploy(id = 'Deployment'): CfnDeployment {
    const deployment = new CfnDeployment(this, id, { restApiId: this.api.ref });
    const stack = Stack.of(this);
    const base = stack.getLogicalId(deployment);
    const copied = () =>
      JSON.stringify(stack.resolve([this.api.body, this.api.endpointConfiguration]));
    const produce = () => base + createHash('sha256').update(copied()).digest('hex').slice(0, 16);
    deployment.overrideLogicalId(Lazy.uncachedString({ produce }));
    return deployment;
  }

  /** Each route may invoke the admission function, and the authorizers of this API theirs. */
  private allowCalls(url?: IFunction): void {
    const { admission, bearer } = this.functions;
    this.allow(this, 'Bearer', bearer, 'authorizers/*');
    this.allowRoutes(this, PATHS, admission);
    if (!url) return;
    this.allow(this.keyPermissions, 'Url', url, 'authorizers/*');
    this.allowRoutes(this.keyPermissions, KEY_PATHS, admission);
  }

  private allowRoutes(scope: Construct, paths: readonly string[], admission: IFunction): void {
    for (const path of paths) {
      // The asterisk stands for the key.
      const route = `${STAGE}/POST${path.replace(/\{.*\}/, '*')}`;
      this.allow(scope, path.split('/')[1]!, admission, route);
    }
  }

  private allow(scope: Construct, id: string, called: IFunction, from: string): void {
    const sourceArn = Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.api.ref,
      resourceName: from,
    });
    const principal = new ServicePrincipal('apigateway.amazonaws.com');
    called.addPermission(`Rest${id}`, { scope, principal, sourceArn });
  }
}

/** The limits of the HTTP API. Each route of a REST API has its own bucket, with those of the stage too. */
export function methodSettings(settings: Settings): CfnStage.MethodSettingProperty[] {
  const stage = {
    httpMethod: '*',
    resourcePath: '/*',
    throttlingRateLimit: settings.stageThrottleRate,
    throttlingBurstLimit: settings.stageThrottleBurst,
    ...OFF,
  };
  return settings.urlKeys ? [stage, ...keySettings(settings)] : [stage];
}

/** Those of the routes with a key. API Gateway wants their slashes as ~1. */
export function keySettings(settings: Settings): CfnStage.MethodSettingProperty[] {
  return KEY_PATHS.map((path) => ({
    httpMethod: 'POST',
    resourcePath: `/${path.replaceAll('/', '~1')}`,
    throttlingRateLimit: settings.urlKeyThrottleRate,
    throttlingBurstLimit: settings.urlKeyThrottleBurst,
    ...OFF,
  }));
}
