import { CfnRule, Fn, type ICfnRuleConditionExpression, type Stack } from 'aws-cdk-lib';

const is = (parameter: string, value: string) => Fn.conditionEquals(Fn.ref(parameter), value);
const given = (parameter: string) => Fn.conditionNot(is(parameter, ''));

/**
 * Refuses parameters that contradict each other, before anything is deployed: what checkDoors of doors.ts and
 * checkTopics of topics.ts refuse in the CDK. A rule cannot count the items of two lists; the functions do.
 */
export function addRules(stack: Stack): void {
  const rule = (id: string, assert: ICfnRuleConditionExpression, assertDescription: string) =>
    new CfnRule(stack, id, { assertions: [{ assert, assertDescription }] });
  rule(
    'ClustersHaveEndpoints',
    Fn.conditionOr(is('VpcEndpointClusters', ''), given('VpcEndpointIds')),
    'VpcEndpointClusters: expected nothing without VpcEndpointIds',
  );
  rule(
    'SomeEndpointRemains',
    Fn.conditionOr(is('PublicEndpoint', 'true'), given('VpcEndpointIds')),
    'PublicEndpoint: expected true without VpcEndpointIds',
  );
  rule(
    'AllowedSourcesNeedThePublicEndpoint',
    Fn.conditionOr(is('AllowedSources', ''), is('PublicEndpoint', 'true')),
    'AllowedSources: expected nothing with a private API alone, whose callers have private addresses',
  );
  rule(
    'TicketsNeedPages',
    Fn.conditionOr(is('TicketTopicArn', ''), given('AlarmTopicArn')),
    'TicketTopicArn: expected nothing without AlarmTopicArn',
  );
}
