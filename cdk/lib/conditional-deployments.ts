import { CfnCondition, Fn, Stack } from 'aws-cdk-lib';
import type { RestEndpoint } from './rest-endpoint';

/**
 * Several deployments of the REST API instead of the only one: one for each combination of the conditions on which its
 * routes and authorizers depend. A deployment is a copy of the API, and no parameter can change a logical id; but when
 * a condition changes, another of these is created, as a copy of what the API is then.
 */
export function deployByCondition(
  rest: RestEndpoint,
  exists: CfnCondition,
  conditions: readonly CfnCondition[],
): void {
  rest.node.tryRemoveChild(rest.deployment.node.id);
  rest.stage.addPropertyOverride('DeploymentId', chosen(conditions, []));

  function chosen([first, ...more]: readonly CfnCondition[], held: readonly Held[]): unknown {
    if (!first) return deployment(held);
    const [yes, no] = [true, false].map((holds) =>
      chosen(more, [...held, { condition: first, holds }]),
    );
    return { 'Fn::If': [Stack.of(rest).resolve(first.logicalId), yes, no] };
  }

  function deployment(held: readonly Held[]): unknown {
    const id = `Deployment${held.map(({ holds }) => (holds ? 1 : 0)).join('')}`;
    const made = rest.deploy(id);
    const all = held.map(({ condition, holds }) =>
      holds ? condition : Fn.conditionNot(condition),
    );
    const expression = Fn.conditionAnd(exists, ...all);
    made.cfnOptions.condition = new CfnCondition(Stack.of(rest), `Has${id}`, { expression });
    // Resolved with the template: the logical id has a hash of what the API is in the end.
    return { Ref: made.logicalId };
  }
}

interface Held {
  readonly condition: CfnCondition;
  readonly holds: boolean;
}
