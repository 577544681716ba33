import { CfnMapping, Fn, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Settings } from './settings';

/** The configurations that CodeDeploy has for functions, by the words of the setting canary. */
export const CONFIGURATIONS: Readonly<Record<string, string>> = {
  'canary-10-percent-5-minutes': 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
  'canary-10-percent-10-minutes': 'CodeDeployDefault.LambdaCanary10Percent10Minutes',
  'canary-10-percent-15-minutes': 'CodeDeployDefault.LambdaCanary10Percent15Minutes',
  'canary-10-percent-30-minutes': 'CodeDeployDefault.LambdaCanary10Percent30Minutes',
  'linear-10-percent-every-minute': 'CodeDeployDefault.LambdaLinear10PercentEvery1Minute',
  'linear-10-percent-every-2-minutes': 'CodeDeployDefault.LambdaLinear10PercentEvery2Minutes',
  'linear-10-percent-every-3-minutes': 'CodeDeployDefault.LambdaLinear10PercentEvery3Minutes',
  'linear-10-percent-every-10-minutes': 'CodeDeployDefault.LambdaLinear10PercentEvery10Minutes',
};

/** Whether a new version takes over step by step; where only the deployment knows, there is all that it can need. */
export function hasCanary({ canary }: Settings): boolean {
  return canary !== 'none';
}

/** The configuration of the setting. */
export function configurationOf(scope: Construct, { canary }: Settings): string {
  if (!Token.isUnresolved(canary)) return CONFIGURATIONS[canary]!;
  const name = 'CanaryConfigurations';
  const mapping = Object.fromEntries(
    // CloudFormation may look none up too, where nothing uses it.
    Object.entries({ none: 'CodeDeployDefault.LambdaAllAtOnce', ...CONFIGURATIONS }).map(
      ([word, configuration]) => [word, { Name: configuration }],
    ),
  );
  new CfnMapping(Stack.of(scope), name, { mapping });
  return Fn.findInMap(name, canary, 'Name');
}
