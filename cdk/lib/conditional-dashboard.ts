import { concatenated, type Value } from './template-value';

/** The name of the condition under which an alarm, a metric or a widget is there. */
type ConditionOf = (part: Value) => string | undefined;

/**
 * The body of a dashboard without the alarms and metrics that may not exist: CloudWatch refuses a dashboard that
 * names such an alarm. `parts` are those of the Fn::Join that the CDK makes of the body.
 */
export function conditionalDashboard(parts: readonly Value[], conditionOf: ConditionOf): Value {
  // Each reference stands inside a JSON string.
  const text = parts.map((part, at) => (typeof part === 'string' ? part : mark(at))).join('');
  return concatenated(write(JSON.parse(text)));

  function write(value: Value, key = ''): Value[] {
    if (Array.isArray(value)) return ['[', ...items(value, key), ']'];
    if (value === null || typeof value !== 'object') return references(JSON.stringify(value));
    const fields = Object.entries(value).flatMap(([name, one], at) => [
      `${at === 0 ? '' : ','}${JSON.stringify(name)}:`,
      ...write(one, name),
    ]);
    return ['{', ...fields, '}'];
  }

  function items(list: Value[], key: string): Value[] {
    return list.flatMap((item, at) => {
      const written = [...(at === 0 ? [] : [',']), ...write(item)];
      const condition = ['alarms', 'metrics'].includes(key)
        ? conditionOf(resolved(item))
        : undefined;
      if (!condition) return written;
      if (at === 0) throw new Error(`the first of the ${key} must always be there: ${item}`);
      return [{ 'Fn::If': [condition, concatenated(written), ''] }];
    });
  }

  function resolved(item: Value): Value {
    return references(JSON.stringify(item))
      .filter((part) => typeof part !== 'string')
      .concat(item);
  }

  function references(json: string): Value[] {
    return json
      .split(/<<(\d+)>>/)
      .map((piece, at) => (at % 2 === 0 ? piece : parts[Number(piece)]));
  }
}

function mark(at: number): string {
  return `<<${at}>>`;
}
