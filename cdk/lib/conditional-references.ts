/** A value of a CloudFormation template. */
type Value = any;

/**
 * Calls the function itself where there is no canary: what refers to an alias that has a condition, and exists without
 * it, refers to its function otherwise.
 */
export function functionsWithoutCanary(template: Value): Value {
  const { Resources } = template;
  const aliases = Object.entries<Value>(Resources).filter(
    ([, { Type, Condition }]) => Type === 'AWS::Lambda::Alias' && Condition,
  );
  const functions = Object.fromEntries(
    aliases.map(([id, { Properties }]) => [id, Properties.FunctionName.Ref]),
  );
  const conditions = new Set(aliases.map(([, { Condition }]) => Condition));
  for (const [id, resource] of Object.entries<Value>(Resources)) {
    if (!conditions.has(resource.Condition)) Resources[id] = replaced(resource);
  }
  return template;

  function replaced(value: Value): Value {
    if (Array.isArray(value)) return value.map(replaced);
    if (value === null || typeof value !== 'object') return value;
    const called = functions[value.Ref];
    if (called) return { 'Fn::If': ['HasCanary', value, { 'Fn::GetAtt': [called, 'Arn'] }] };
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one)]));
  }
}
