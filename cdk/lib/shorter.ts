import type { Value } from './template-value';

/**
 * The template with the same meaning and fewer lines: the CDK writes every text with a reference as a
 * `Fn::Join`, which takes several lines for each, and a list of which only the deployment knows the items
 * as a `Fn::Split` even where it joins it again.
 */
export function shorter(value: Value): Value {
  if (Array.isArray(value)) return value.map(shorter);
  if (value === null || typeof value !== 'object') return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shorter(one)]));
  if ('Fn::Join' in inner) return joined(inner['Fn::Join']);
  // What CloudFormation does with a log group without these.
  if (inner['Type'] === 'AWS::Logs::LogGroup') {
    for (const policy of ['DeletionPolicy', 'UpdateReplacePolicy']) {
      if (inner[policy] === 'Delete') delete inner[policy];
    }
  }
  return inner;
}

function joined([delimiter, items]: [string, Value]): Value {
  const same = { 'Fn::Join': [delimiter, items] };
  if (Array.isArray(items)) {
    if (items.length === 1) return items[0];
    return delimiter === '' ? (substitution(items) ?? same) : same;
  }
  // Joined as it was split.
  if (items['Fn::Split']?.[0] === delimiter) return items['Fn::Split'][1];
  if ('Fn::If' in items) {
    const [condition, ...lists] = items['Fn::If'];
    const texts = lists.map((list: Value) => joined([delimiter, list]));
    if (texts.every((text: Value) => !text['Fn::Join'])) return { 'Fn::If': [condition, ...texts] };
  }
  return same;
}

/** The text of `parts`, unless few of them are references. */
function substitution(parts: Value[]): Value | undefined {
  const others: Value[] = [];
  const text = parts.map((part) => {
    if (typeof part === 'string') return part.replaceAll('${', '${!');
    const name = part['Ref'] ?? part['Fn::GetAtt']?.join('.');
    return `\${${name ?? `Part${others.push(part)}`}}`;
  });
  const references = parts.filter((part) => typeof part !== 'string').length - others.length;
  if (references <= others.length) return undefined;
  const values = Object.fromEntries(others.map((part, at) => [`Part${at + 1}`, part]));
  return { 'Fn::Sub': others.length === 0 ? text.join('') : [text.join(''), values] };
}
