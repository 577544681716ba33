import { Aws, Duration, Fn, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import {
  HttpLambdaAuthorizer,
  HttpLambdaResponseType,
} from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Settings } from './settings';

/**
 * One line per request, with nothing from its headers, so without the token. `tokenStage` says which of
 * the two tokens matched, `current` or `previous`.
 */
export const ACCESS_LOG = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  sourceIp: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  authorizerLatencyMs: '$context.authorizer.latency',
  cluster: '$context.authorizer.cluster',
  tokenStage: '$context.authorizer.token',
  authorizerError: '$context.authorizer.error',
  integrationError: '$context.integrationErrorMessage',
  error: '$context.error.message',
};

/** The HTTP API in front of the two functions. */
export class Endpoint extends Construct {
  readonly api: HttpApi;
  /** `https://HOST`, without a trailing slash. */
  readonly url: string;
  readonly host: string;
  readonly accessLog: LogGroup;

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    admission: IFunction,
    authorizer: IFunction,
  ) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      apiName: Aws.STACK_NAME,
      description: 'ecr-admission: the webhook that kube-apiserver calls',
      createDefaultStage: false,
    });
    const bearer = new HttpLambdaAuthorizer('Authorizer', authorizer, {
      authorizerName: 'bearer',
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      identitySource: ['$request.header.Authorization'],
      resultsCacheTtl: Duration.seconds(settings.authorizerCacheSeconds),
    });
    const integration = new HttpLambdaIntegration('Admission', admission);
    for (const path of ['/validate', '/mutate']) {
      this.api.addRoutes({ path, methods: [HttpMethod.POST], integration, authorizer: bearer });
    }
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: {
        rateLimit: settings.stageThrottleRate,
        burstLimit: settings.stageThrottleBurst,
      },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    this.url = this.api.apiEndpoint;
    this.host = Fn.select(2, Fn.split('/', this.url));
  }
}
