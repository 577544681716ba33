import { Token } from 'aws-cdk-lib';
import type { Settings } from './settings';

/** Whether there is a REST API for callers in a VPC. */
export function hasPrivateApi({ vpcEndpointIds }: Settings): boolean {
  return vpcEndpointIds.length > 0;
}

/** Whether there is a REST API at all: a private one, or a public one with a web ACL. */
export function hasRestApi(settings: Settings): boolean {
  return hasPrivateApi(settings) || settings.webAclArn !== '';
}

/**
 * Throws if the settings about the ways to call contradict each other. What only the deployment knows (the
 * parameters of a template) is checked there, by the rules of template-rules.ts.
 */
export function checkDoors(settings: Settings): void {
  const { vpcEndpointIds: ids, vpcEndpointClusters: clusters, allowedSources } = settings;
  if (Token.isUnresolved(ids)) return;
  const refused = (prop: string, expected: string, got: unknown): Error =>
    new Error(`${prop}: expected ${expected}, got ${JSON.stringify(got)}`);

  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice) throw refused('vpcEndpointIds', 'each endpoint once', twice);
  if (clusters.length > 0 && clusters.length !== ids.length) {
    const expected = `a cluster for each of the ${ids.length} endpoints of vpcEndpointIds`;
    throw refused('vpcEndpointClusters', expected, clusters);
  }
  if (hasPrivateApi(settings) && settings.webAclArn !== '') {
    throw refused('webAclArn', 'nothing with vpcEndpointIds', settings.webAclArn);
  }
  if (settings.publicEndpoint) return;
  if (!hasRestApi(settings)) {
    throw refused('publicEndpoint', 'true without vpcEndpointIds and webAclArn', false);
  }
  if (hasPrivateApi(settings) && allowedSources.length > 0) {
    const expected = 'nothing with a private API alone, whose callers have private addresses';
    throw refused('allowedSources', expected, allowedSources);
  }
}
