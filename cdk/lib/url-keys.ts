import { Duration, Stack } from 'aws-cdk-lib';
import {
  AuthorizerPayloadVersion,
  type CfnRoute,
  type CfnStage,
  HttpAuthorizer,
  HttpAuthorizerType,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { type Endpoint, PATHS } from './endpoint';
import { KeyAuthorizerFunction } from './functions';
import type { Settings } from './settings';

/** The paths of the routes whose last part is a cluster's key. */
export const KEY_PATHS = PATHS.map((path) => `${path}/{key}`);

/**
 * What only the setting urlKeys makes necessary, so that without it nothing of this exists: the function that
 * checks the keys of clusters that send no token, and the routes for them. It has its own reserved concurrency,
 * and its routes their own throttle: a flood of wrong keys takes nothing from clusters that send a token.
 * The metrics and alarms about it are created in here too.
 */
export class UrlKeys extends Construct {
  readonly authorizer: KeyAuthorizerFunction;
  /** With the setting canary: what shifts requests to its new version. */
  canary?: Construct;

  constructor(
    scope: Construct,
    id: string,
    private readonly settings: Settings,
    tokens: ISecret,
  ) {
    super(scope, id);
    this.authorizer = new KeyAuthorizerFunction(this, 'Authorizer', settings, tokens);
  }

  /** The routes on the HTTP API. Those on the REST API are a part of its definition. */
  addRoutes(endpoint: Endpoint): void {
    const { settings } = this;
    const authorizer = this.attach(endpoint);
    const routes = KEY_PATHS.map((path) => {
      const routeKey = HttpRouteKey.with(path, HttpMethod.POST);
      const { api: httpApi, integration } = endpoint;
      const id = path.split('/')[1]!;
      return new HttpRoute(this, id, { httpApi, routeKey, integration, authorizer });
    });
    const stage = endpoint.stage.node.defaultChild as CfnStage;
    stage.routeSettings = Object.fromEntries(
      KEY_PATHS.map((path) => [
        `POST ${path}`,
        {
          ThrottlingRateLimit: settings.urlKeyThrottleRate,
          ThrottlingBurstLimit: settings.urlKeyThrottleBurst,
        },
      ]),
    );
    // API Gateway refuses a stage with settings of a route that does not exist yet.
    for (const route of routes) stage.addResourceDependency(route.node.defaultChild as CfnRoute);
  }

  /**
   * Not HttpLambdaAuthorizer, which would be created outside of this construct. A path parameter cannot be
   * an identity source, and without one API Gateway caches nothing: the function is called every time.
   */
  private attach({ api }: Endpoint): IHttpRouteAuthorizer {
    const { partition, region } = Stack.of(this);
    const { target: called } = this.authorizer;
    const authorizer = new HttpAuthorizer(this, 'Keys', {
      httpApi: api,
      authorizerName: 'url',
      type: HttpAuthorizerType.LAMBDA,
      identitySource: [],
      resultsCacheTtl: Duration.seconds(0),
      enableSimpleResponses: true,
      payloadFormatVersion: AuthorizerPayloadVersion.VERSION_2_0,
      authorizerUri: `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${called.functionArn}/invocations`,
    });
    const { authorizerId } = authorizer;
    called.addPermission('Invoke', {
      scope: this,
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: Stack.of(this).formatArn({
        service: 'execute-api',
        resource: api.apiId,
        resourceName: `authorizers/${authorizerId}`,
      }),
    });
    return { bind: () => ({ authorizerId, authorizationType: 'CUSTOM' }) };
  }
}
