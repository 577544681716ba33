import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { EcrAdmission } from '../lib/ecr-admission';
import { anyCode, type Resource, templateWith } from './stacks';

// The properties that would set a fixed name. API Gateway's is a label, which need not be unique; an
// authorizer's is unique in its API.
const NAMES = [
  'AlarmName',
  'BucketName',
  'DashboardName',
  'FilterName',
  'FunctionName',
  'LogGroupName',
  'Name',
  'RoleName',
];
const ALLOWED = new Set([
  'AWS::ApiGatewayV2::Api.Name',
  'AWS::ApiGatewayV2::Authorizer.Name',
  // With the name of the stack.
  'AWS::ApiGateway::RestApi.Name',
  // References to the function and the log group.
  'AWS::Lambda::Permission.FunctionName',
  'AWS::Logs::MetricFilter.LogGroupName',
]);

test('every name is generated, so that an account can have two stacks', () => {
  const given = { urlKeys: true, vpcEndpointIds: 'vpce-01234567' };
  const all = templateWith(given).toJSON()['Resources'] as Record<string, Resource>;
  for (const [id, { Type, Properties }] of Object.entries(all)) {
    for (const name of NAMES.filter((property) => property in Properties)) {
      assert.ok(ALLOWED.has(`${Type}.${name}`), `${id} sets ${name}`);
    }
  }
});

test('a stack can have two of the construct', () => {
  const stack = new Stack(new App(), 'Both');
  const vpcEndpointIds = ['vpce-01234567'];
  for (const id of ['One', 'Two']) new EcrAdmission(stack, id, { code: anyCode(), vpcEndpointIds });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::Lambda::Function', 4);
  // CloudWatch knows a REST API by its name.
  const names = Object.values(template.findResources('AWS::ApiGateway::RestApi')).map((api) =>
    JSON.stringify(api['Properties'].Name),
  );
  assert.equal(new Set(names).size, 2);
});

test('the template names no partition', () => {
  const template = JSON.stringify(templateWith({ vpcEndpointIds: 'vpce-01234567' }).toJSON());
  assert.equal(/arn:aws/.exec(template), null);
  // The principals of Lambda and API Gateway are the same in every partition; a condition chooses the
  // host of the console.
  const hosts = template.match(/[a-z.-]*\.?amazon(aws)?(-us-gov)?\.(com|cn)(\.cn)?/g) ?? [];
  assert.deepEqual([...new Set(hosts)].sort(), [
    'apigateway.amazonaws.com',
    'console.amazonaws-us-gov.com',
    'console.amazonaws.cn',
    'console.aws.amazon.com',
    'lambda.amazonaws.com',
  ]);
});
