import { conditionalBody, conditionalMethodSettings } from './conditional-rest-api';
import { type RestEndpoint, STAGE } from './rest-endpoint';
import type { Settings } from './settings';
import type { TemplateParameters } from './template-parameters';

/**
 * Makes the REST API an AWS::Serverless::Api, whose deployment and stage SAM adds. A deployment is a copy of the
 * API, which CloudFormation renews only under another logical id, and those of this template are fixed: with
 * AlwaysDeploy, SAM makes an id of the time whenever the application is deployed. It does nothing where
 * CloudFormation updates a stack with its existing template, which is what SAM made of this one.
 */
export function toServerlessApi(
  rest: RestEndpoint,
  settings: Settings,
  parameters: TemplateParameters,
): void {
  const { api } = rest;
  const body = conditionalBody(rest, settings, parameters);
  const { types, ...endpoint } = api.stack.resolve(api.endpointConfiguration);
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
    MethodSettings: conditionalMethodSettings(settings, parameters),
    TracingEnabled: false,
    AlwaysDeploy: true,
  })) {
    if (value === undefined) api.addPropertyDeletionOverride(name);
    else api.addPropertyOverride(name, value);
  }
  for (const { node } of [rest.deployment, rest.stage]) rest.node.tryRemoveChild(node.id);
}
