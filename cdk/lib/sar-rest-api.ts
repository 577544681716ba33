import type { SarParameters } from './sar-parameters';
import { bearerScheme } from './open-api';
import { keySettings, methodSettings, type RestEndpoint, STAGE } from './rest-endpoint';
import type { Settings } from './settings';
import { KEY_PATHS } from './url-keys';

/**
 * Makes the REST API an AWS::Serverless::Api, whose deployment and stage SAM adds. A deployment is a copy of the
 * API, which CloudFormation renews only under another logical id, and those of this template are fixed: with
 * AlwaysDeploy, SAM makes an id of the time whenever the application is deployed. It does nothing where
 * CloudFormation updates a stack with its existing template, which is what SAM made of this one.
 */
export function toServerlessApi(
  rest: RestEndpoint,
  settings: Settings,
  parameters: SarParameters,
): void {
  const { api } = rest;
  const body = rest.api.stack.resolve(api.body);
  for (const path of KEY_PATHS) body.paths[path] = parameters.ifUrlKeys(body.paths[path]);
  const { securitySchemes } = body.components;
  securitySchemes.url = parameters.ifUrlKeys(securitySchemes.url);
  const [cached, keyless] = [false, true].map((keyless) =>
    bearerScheme(settings, rest.functions.bearer, keyless),
  );
  securitySchemes.bearer = parameters.ifGiven('VpcEndpointClusters', keyless, cached);

  const { types, ...endpoint } = api.stack.resolve(api.endpointConfiguration);
  const [always, ...more] = methodSettings(settings);
  const ofKeys =
    more.length === 0
      ? []
      : keySettings(settings).map((one) => parameters.ifUrlKeys(capitalized(one)));
  api.addOverride('Type', 'AWS::Serverless::Api');
  // An override alone would keep the names that only AWS::ApiGateway::RestApi has.
  api.endpointConfiguration = undefined;
  for (const [name, value] of Object.entries({
    Body: undefined,
    // SAM adds it again.
    Parameters: undefined,
    DefinitionBody: body,
    EndpointConfiguration: {
      Type: types[0],
      IpAddressType: endpoint.ipAddressType,
      VPCEndpointIds: endpoint.vpcEndpointIds,
    },
    StageName: STAGE,
    // Without it, SAM adds a second stage, named Stage, that has no limits.
    OpenApiVersion: body.openapi,
    MethodSettings: [capitalized(always!), ...ofKeys],
    TracingEnabled: false,
    AlwaysDeploy: true,
  })) {
    if (value === undefined) api.addPropertyDeletionOverride(name);
    else api.addPropertyOverride(name, value);
  }
  for (const { node } of [rest.deployment, rest.stage]) rest.node.tryRemoveChild(node.id);
}

function capitalized(properties: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name[0]!.toUpperCase() + name.slice(1),
      value,
    ]),
  );
}
