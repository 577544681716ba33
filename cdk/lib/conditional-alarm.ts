import { concatenated, type Value } from './template-value';

/** The name of the condition under which what a metric measures is there. */
type ConditionOf = (metric: Value) => string | undefined;

/**
 * The metrics of an alarm on arithmetic without those that may not exist. An expression that only names such metrics
 * is as conditional as they are; in any other, a conditional one that does not exist is 0.
 */
export function conditionalMetrics(metrics: readonly Value[], conditionOf: ConditionOf): Value[] {
  const byId = new Map<string, Value>(metrics.map((metric) => [metric.Id, metric]));

  const namedIn = (expression: string): string[] =>
    (expression.match(/\b[a-z]\w*/g) ?? []).filter((word) => byId.has(word));

  const condition = (id: string): string | undefined => {
    const { Expression, MetricStat } = byId.get(id);
    if (Expression === undefined) return conditionOf(MetricStat);
    const [first, ...others] = new Set(namedIn(Expression).map(condition));
    return others.length === 0 ? first : undefined;
  };

  return metrics.map((metric) => {
    const under = condition(metric.Id);
    if (under) return { 'Fn::If': [under, metric, { Ref: 'AWS::NoValue' }] };
    if (metric.Expression === undefined) return metric;
    const parts = metric.Expression.split(/\b([a-z]\w*)/).map((word: string) => {
      const of = byId.has(word) ? condition(word) : undefined;
      return of ? { 'Fn::If': [of, word, '0'] } : word;
    });
    const same = parts.every((part: Value) => typeof part === 'string');
    return same ? metric : { ...metric, Expression: concatenated(parts) };
  });
}
