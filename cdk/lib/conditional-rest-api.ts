import { bearerScheme } from './open-api';
import { keySettings, methodSettings, type RestEndpoint } from './rest-endpoint';
import type { Settings } from './settings';
import type { TemplateParameters } from './template-parameters';
import type { Value } from './template-value';
import { KEY_PATHS } from './url-keys';

/** The OpenAPI document of the REST API, with what only some parameters make necessary under their conditions. */
export function conditionalBody(
  rest: RestEndpoint,
  settings: Settings,
  parameters: TemplateParameters,
): Value {
  const body = rest.api.stack.resolve(rest.api.body);
  for (const path of KEY_PATHS) body.paths[path] = parameters.ifUrlKeys(body.paths[path]);
  const { securitySchemes } = body.components;
  securitySchemes.url = parameters.ifUrlKeys(securitySchemes.url);
  const [cached, keyless] = [false, true].map((keyless) =>
    bearerScheme(settings, rest.functions.bearer, keyless),
  );
  securitySchemes.bearer = parameters.ifGiven('VpcEndpointClusters', keyless, cached);
  return body;
}

/** The limits of its routes, likewise. */
export function conditionalMethodSettings(
  settings: Settings,
  parameters: TemplateParameters,
): Value[] {
  const [always, ...more] = methodSettings(settings);
  const ofKeys =
    more.length === 0
      ? []
      : keySettings(settings).map((one) => parameters.ifUrlKeys(capitalized(one)));
  return [capitalized(always!), ...ofKeys];
}

function capitalized(properties: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name[0]!.toUpperCase() + name.slice(1),
      value,
    ]),
  );
}
