import { Aws, CfnCondition, Fn, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * A text that differs between the partitions that have the Serverless Application Repository. In any
 * other partition it is that of `aws`, where a mapping would fail the deployment.
 */
export function byPartition(
  scope: Construct,
  texts: { aws: string; china: string; govCloud: string },
): string {
  const stack = Stack.of(scope);
  const otherwise = Fn.conditionIf(
    is(stack, 'InGovCloud', 'aws-us-gov'),
    texts.govCloud,
    texts.aws,
  );
  return Fn.conditionIf(is(stack, 'InChina', 'aws-cn'), texts.china, otherwise).toString();
}

function is(stack: Stack, id: string, partition: string): string {
  const found = stack.node.tryFindChild(id) as CfnCondition | undefined;
  const expression = Fn.conditionEquals(Aws.PARTITION, partition);
  return (found ?? new CfnCondition(stack, id, { expression })).logicalId;
}
