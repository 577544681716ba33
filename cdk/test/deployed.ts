// What CloudFormation makes of a template: the resources and outputs with the given parameters.

type Value = any;

const NOTHING = Symbol('AWS::NoValue');

const STACK: Record<string, string> = {
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::StackName': 'serverlessrepo-ecr-admission',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Throws at a reference to something that does not exist, as CloudFormation does. */
export function deployed(template: Value, given: Record<string, string> = {}): Value {
  const parameters = Object.fromEntries(
    Object.entries<Value>(template.Parameters ?? {}).map(([name, { Default, AllowedPattern }]) => {
      const value = String(given[name] ?? Default);
      if (AllowedPattern && !new RegExp(AllowedPattern).test(value))
        throw new Error(`${name}: ${value}`);
      return [name, value];
    }),
  );
  const condition = (name: string): boolean => evaluate(template.Conditions[name]);
  const exists = (id: string): boolean => {
    const resource = template.Resources[id];
    return resource !== undefined && (!resource.Condition || condition(resource.Condition));
  };
  const reference = (name: string, attribute?: string): Value => {
    if (name === 'AWS::NoValue') return NOTHING;
    const known = attribute ? undefined : (parameters[name] ?? STACK[name]);
    if (known === undefined && !exists(name)) throw new Error(`no resource ${name}`);
    return known ?? `<${name}${attribute ? `.${attribute}` : ''}>`;
  };
  const evaluate = (value: Value): Value => {
    if (Array.isArray(value)) return value.map(evaluate).filter((one) => one !== NOTHING);
    if (value === null || typeof value !== 'object') return value;
    const [[name, argument] = ['', undefined]] = Object.entries<Value>(value);
    switch (name) {
      case 'Ref':
        return reference(argument);
      case 'Fn::GetAtt':
        return reference(argument[0], argument[1]);
      case 'Fn::If':
        return evaluate(condition(argument[0]) ? argument[1] : argument[2]);
      case 'Condition':
        if (typeof argument === 'string') return condition(argument);
        break;
      case 'Fn::And':
        return argument.every(evaluate);
      case 'Fn::Or':
        return argument.some(evaluate);
      case 'Fn::Not':
        return !evaluate(argument[0]);
      case 'Fn::FindInMap': {
        const [name, ...keys] = argument.map(evaluate);
        return keys.reduce((found: Value, key: string) => found[key], template.Mappings[name]);
      }
      case 'Fn::Equals':
        return String(evaluate(argument[0])) === String(evaluate(argument[1]));
      case 'Fn::Join':
        return evaluate(argument[1]).join(argument[0]);
      case 'Fn::Split':
        return evaluate(argument[1]).split(argument[0]);
      case 'Fn::Select':
        return evaluate(argument[1])[argument[0]];
      case 'Fn::Sub': {
        const [text, values] = [argument].flat();
        return text.replace(/\$\{([^}]+)\}/g, (_: string, inner: string) => {
          if (inner.startsWith('!')) return `\${${inner.slice(1)}}`;
          if (values && inner in values) return evaluate(values[inner]);
          const [id, ...attribute] = inner.split('.');
          return reference(id!, attribute.join('.') || undefined);
        });
      }
    }
    const entries = Object.entries(value).map(([key, one]) => [key, evaluate(one)]);
    return Object.fromEntries(entries.filter(([, one]) => one !== NOTHING));
  };
  for (const { Assertions } of Object.values<Value>(template.Rules ?? {})) {
    for (const { Assert, AssertDescription } of Assertions) {
      if (!evaluate(Assert)) throw new Error(AssertDescription);
    }
  }
  const resources = Object.entries<Value>(template.Resources).filter(([id]) => exists(id));
  return {
    resources: Object.fromEntries(
      resources.map(([id, { Condition, ...resource }]) => [id, evaluate(resource)]),
    ),
    outputs: Object.fromEntries(
      Object.entries<Value>(template.Outputs)
        .filter(([, { Condition }]) => !Condition || condition(Condition))
        .map(([name, { Value }]) => [name, evaluate(Value)]),
    ),
  };
}
