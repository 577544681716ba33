import { Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { hasPrivateApi } from './doors';
import { PATHS } from './endpoint';
import type { Settings } from './settings';
import { KEY_PATHS } from './url-keys';

/** A part of an OpenAPI document. */
type Part = Record<string, any>;

interface Functions {
  readonly admission: IFunction;
  readonly bearer: IFunction;
  /** Of the key authorizer, with the setting urlKeys. */
  readonly url?: IFunction;
}

/**
 * The REST API as an OpenAPI document: its routes, authorizers and policy are one property of one resource, so
 * that nothing of them can be missing from a deployment that names only the API.
 */
export function openApi(settings: Settings, title: string, functions: Functions): Part {
  const { admission, bearer, url } = functions;
  const routes = (paths: readonly string[], authorizer: string): Part =>
    Object.fromEntries(paths.map((path) => [path, route(path, authorizer, admission)]));
  return {
    openapi: '3.0.1',
    info: { title, version: '1' },
    paths: { ...routes(PATHS, 'bearer'), ...(url ? routes(KEY_PATHS, 'url') : {}) },
    components: {
      securitySchemes: {
        bearer: bearerScheme(settings, bearer, settings.vpcEndpointClusters.length > 0),
        ...(url ? { url: scheme(url, []) } : {}),
      },
    },
    ...(hasPrivateApi(settings)
      ? { 'x-amazon-apigateway-policy': onlyFrom(settings.vpcEndpointIds) }
      : {}),
  };
}

/**
 * The authorizer of the routes without a key. With clusters that call by their endpoint (`keyless`), it must run
 * for a request without a header, and its results are not cached: an endpoint cannot be what they are cached by.
 */
export function bearerScheme(settings: Settings, authorizer: IFunction, keyless: boolean): Part {
  if (keyless) return scheme(authorizer, []);
  const sources = ['method.request.header.Authorization'];
  // A private API does not check the address.
  if (!hasPrivateApi(settings) && settings.allowedSources.length > 0) {
    sources.push('context.identity.sourceIp');
  }
  return scheme(authorizer, sources, settings.authorizerCacheSeconds);
}

function scheme(authorizer: IFunction, identitySource: readonly string[], seconds = 0): Part {
  return {
    type: 'apiKey',
    // OpenAPI must have a name. API Gateway reads identitySource instead, and nothing if there is none, with
    // results that are not cached: SAM writes such authorizers too.
    name: 'Unused',
    in: 'header',
    'x-amazon-apigateway-authtype': 'custom',
    'x-amazon-apigateway-authorizer': {
      type: 'request',
      authorizerUri: invocation(authorizer),
      authorizerResultTtlInSeconds: seconds,
      ...(identitySource.length === 0 ? {} : { identitySource: identitySource.join(', ') }),
    },
  };
}

/** With API Gateway's own time limit, as on the HTTP API: the function stops long before. */
function route(path: string, authorizer: string, admission: IFunction): Part {
  const [, key] = /\{(.+)\}/.exec(path) ?? [];
  return {
    post: {
      ...(key
        ? { parameters: [{ name: key, in: 'path', required: true, schema: { type: 'string' } }] }
        : {}),
      security: [{ [authorizer]: [] }],
      responses: { 200: { description: 'An AdmissionReview' } },
      'x-amazon-apigateway-integration': {
        type: 'aws_proxy',
        httpMethod: 'POST',
        uri: invocation(admission),
        passthroughBehavior: 'when_no_match',
      },
    },
  };
}

/** A private API without a policy refuses everybody; with one that only allows, an endpoint of anybody could call. */
function onlyFrom(vpcEndpointIds: readonly string[]): Part {
  const anyCall = { Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*' };
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', ...anyCall },
      {
        Effect: 'Deny',
        ...anyCall,
        Condition: { StringNotEquals: { 'aws:SourceVpce': vpcEndpointIds } },
      },
    ],
  };
}

function invocation(called: IFunction): string {
  const { partition, region } = Stack.of(called);
  return `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${called.functionArn}/invocations`;
}
