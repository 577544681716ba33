import type { Value } from './template-value';

/** What a reference becomes. */
type Choice = (reference: Value) => Value;

/**
 * Calls the function itself where there is no canary: what refers to an alias that has a condition, and exists without
 * it, refers to its function otherwise.
 */
export function functionsWithoutCanary(template: Value): Value {
  const aliases = ofType(template, 'AWS::Lambda::Alias');
  const choices = aliases.map(([id, { Properties }]): [string, Choice] => [
    id,
    (alias) => ({
      'Fn::If': ['HasCanary', alias, { 'Fn::GetAtt': [Properties.FunctionName.Ref, 'Arn'] }],
    }),
  ]);
  return replaced(template, choices, new Set(aliases.map(([, { Condition }]) => Condition)));
}

/**
 * Makes two of each log group: one that is deleted with the stack, and one that stays, with KeepLogs. A deletion policy
 * cannot depend on a parameter, only the existence of a resource can.
 */
export function logsToKeep(template: Value): Value {
  const { Conditions, Resources } = template;
  const kept = (id: string): string => `${id}Kept`;
  const choices = ofType(template, 'AWS::Logs::LogGroup').map(([id, log]): [string, Choice] => {
    const { Condition, DeletionPolicy, UpdateReplacePolicy, ...same } = log;
    const condition = (name: string, holds: Value): string => {
      Conditions[name] = Condition ? { 'Fn::And': [{ Condition }, holds] } : holds;
      return name;
    };
    const [keep, drop] = [
      { Condition: 'HasKeepLogs' },
      { 'Fn::Not': [{ Condition: 'HasKeepLogs' }] },
    ];
    Resources[id] = { ...same, Condition: condition(`${Condition ?? ''}DropLogs`, drop) };
    Resources[kept(id)] = {
      ...same,
      DeletionPolicy,
      UpdateReplacePolicy,
      Condition: Condition ? condition(`${Condition}KeepLogs`, keep) : 'HasKeepLogs',
    };
    return [
      id,
      (reference) => ({ 'Fn::If': ['HasKeepLogs', renamed(reference, kept), reference] }),
    ];
  });
  return replaced(template, choices);
}

function renamed(reference: Value, name: (id: string) => string): Value {
  if ('Ref' in reference) return { Ref: name(reference.Ref) };
  const [id, attribute] = reference['Fn::GetAtt'];
  return { 'Fn::GetAtt': [name(id), attribute] };
}

function ofType(template: Value, type: string): [string, Value][] {
  return Object.entries<Value>(template.Resources).filter(([, { Type }]) => Type === type);
}

/**
 * With the choice in the place of each reference to one of these ids, in outputs and in resources without these
 * conditions.
 */
function replaced(
  template: Value,
  choices: readonly [string, Choice][],
  except: ReadonlySet<string> = new Set(),
): Value {
  const choiceOf = new Map(choices);
  const visit = (value: Value): Value => {
    if (Array.isArray(value)) return value.map(visit);
    if (value === null || typeof value !== 'object') return value;
    const choice = choiceOf.get(value['Ref'] ?? value['Fn::GetAtt']?.[0]);
    if (choice) return choice(value);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, visit(one)]));
  };
  const Resources = Object.fromEntries(
    Object.entries<Value>(template.Resources).map(([id, resource]) => [
      id,
      except.has(resource.Condition) ? resource : visit(resource),
    ]),
  );
  return { ...template, Resources, Outputs: visit(template.Outputs) };
}
