import type { Value } from './template-value';

/**
 * Removes each DependsOn that references between the resources imply (cfn-lint W3005), directly or through others.
 * What no reference says remains.
 */
export function withoutImplied(template: Value): Value {
  const { Resources } = template;
  const direct: Record<string, string[]> = {};
  for (const [id, { DependsOn, ...resource }] of Object.entries<Value>(Resources)) {
    direct[id] = namesIn(resource).filter((name) => name in Resources);
  }
  for (const [id, resource] of Object.entries<Value>(Resources)) {
    const needed = [resource.DependsOn ?? []].flat().filter((on) => !reached(direct, id).has(on));
    if (needed.length > 0) resource.DependsOn = needed;
    else delete resource.DependsOn;
  }
  return template;
}

/** What CloudFormation creates before `id`, as the references say. */
export function reached(direct: Record<string, string[]>, id: string): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const next of direct[name] ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(id);
  return found;
}

/** What the value refers to. */
export function namesIn(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries<Value>(value).flatMap(([name, one]) => {
    if (name === 'Ref') return [one];
    if (name === 'Fn::GetAtt') return [[one].flat()[0].split('.')[0]];
    if (name === 'Fn::Sub') {
      const [text, values = {}] = [one].flat();
      const inText = [...text.matchAll(/\$\{([^!.}]+)[^}]*\}/g)].map(([, id]) => id!);
      return [...inText, ...namesIn(values)];
    }
    return namesIn(one);
  });
}
