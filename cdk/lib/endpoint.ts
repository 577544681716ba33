import { Aws, Duration, Fn } from 'aws-cdk-lib';
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
import { Construct } from 'constructs';
import { Log } from './log';
import type { Settings } from './settings';

/** Where the apiserver sends reviews. */
export const PATHS = ['/validate', '/mutate'];

/**
 * What the results of the bearer authorizer are cached by: the token, and the address if the authorizer
 * checks it. Not the address alone: one good call would admit everyone behind the same NAT gateway.
 */
export const IDENTITY_SOURCES = ['$request.header.Authorization', '$context.identity.sourceIp'];

/**
 * One line per request, with nothing from its headers or its path, so without the token or key: `route` is
 * `POST /validate/{key}`, as the route is declared. `tokenStage` says which of the two tokens matched,
 * `current` or `previous`; `tokenExpiring` is `true` if the previous one is refused within six hours.
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
  tokenExpiring: '$context.authorizer.expiring',
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
  readonly accessLog: Log;
  readonly stage: HttpStage;
  /** With the admission function. */
  readonly integration: HttpLambdaIntegration;
  readonly bearer: HttpLambdaAuthorizer;

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    functions: { readonly admission: IFunction; readonly bearer: IFunction },
  ) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      apiName: Aws.STACK_NAME,
      description: 'ecr-admission: the webhook that kube-apiserver calls',
      createDefaultStage: false,
    });
    this.bearer = new HttpLambdaAuthorizer('Authorizer', functions.bearer, {
      authorizerName: 'bearer',
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      identitySource:
        settings.allowedSources.length === 0 ? IDENTITY_SOURCES.slice(0, 1) : IDENTITY_SOURCES,
      resultsCacheTtl: Duration.seconds(settings.authorizerCacheSeconds),
    });
    this.integration = new HttpLambdaIntegration('Admission', functions.admission, {
      // One permission for the API, each route of which has an authorizer, and not one for each route.
      scopePermissionToRoute: false,
    });
    const { integration, bearer } = this;
    for (const path of PATHS) {
      this.api.addRoutes({ path, methods: [HttpMethod.POST], integration, authorizer: bearer });
    }
    this.accessLog = new Log(this, 'AccessLog', settings);
    this.stage = new HttpStage(this, 'Stage', {
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
