import { emptyText, expected, PARAMETERS, type Parameter, stackValue } from './parameters';

const HEADER = `# Generated from infra/parameters.json (npm run generate); do not edit.
`;

/** The rows that are parameters of the template. */
const ROWS = PARAMETERS.flatMap((row) => (row.parameter ? [{ id: row.parameter, row }] : []));

/** The text of infra/terraform/parameters.tf: the parameters of the stack as variables of the module. */
export function terraformParameters(): string {
  return [HEADER, ...ROWS.map(({ row }) => `${variable(row)}\n`), values()].join('\n');
}

/** `alarm_topic_arn` for `alarmTopicArn`. */
function nameOf(row: Parameter): string {
  return row.prop.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function variable(row: Parameter): string {
  const validation = condition(row);
  return [
    `variable "${nameOf(row)}" {`,
    `  description = ${quoted(description(row))}`,
    `  type        = ${typeOf(row)}`,
    `  default     = ${defaultOf(row)}`,
    '  nullable    = false',
    ...(validation
      ? [
          '',
          '  validation {',
          `    condition     = ${validation}`,
          `    error_message = ${quoted(`${nameOf(row)}: expected ${expected(row)}`)}`,
          '  }',
        ]
      : []),
    '}',
  ].join('\n');
}

function description(row: Parameter): string {
  switch (row.type) {
    case 'list':
      return `${row.meaning}${row.all ? ` ["${row.all}"] for all.` : ''} Empty: ${emptyText(row)}.`;
    case 'number':
      return `${row.meaning} ${row.range ? `${row.range.join(' to ')} ${row.unit}` : `In ${row.unit}`}.`;
    default:
      return row.meaning;
  }
}

function typeOf(row: Parameter): string {
  return {
    list: 'list(string)',
    text: 'string',
    word: 'string',
    number: 'number',
    flag: 'bool',
  }[row.type];
}

function defaultOf(row: Parameter): string {
  if (row.type === 'list') return literals(stackValue(row) ? [] : (row.default as string[]));
  return typeof row.default === 'string' ? quoted(row.default) : String(row.default);
}

/** What Terraform checks before it asks CloudFormation; a flag has only its type. */
function condition(row: Parameter): string | undefined {
  const value = `var.${nameOf(row)}`;
  switch (row.type) {
    case 'list': {
      const each = `alltrue([for item in ${value} : ${matches('item', row.pattern)}])`;
      return row.all ? `${value} == tolist(${literals([row.all])}) || ${each}` : each;
    }
    case 'text': {
      const given = matches(value, row.pattern);
      return row.default === '' ? `${value} == "" || ${given}` : given;
    }
    case 'word':
      return `contains(${literals(row.words)}, ${value})`;
    case 'number':
      return row.range
        ? `${value} >= ${row.range[0]} && ${value} <= ${row.range[1]} && floor(${value}) == ${value}`
        : `contains([${row.numbers?.join(', ')}], ${value})`;
    case 'flag':
      return undefined;
  }
}

/** Whether all of `value` matches. Terraform's patterns are those of Go, which cannot look ahead. */
function matches(value: string, pattern: string): string {
  const [, not, rest] = /^\(\?!([^()]*)\)(.*)$/.exec(pattern) ?? [undefined, undefined, pattern];
  if (rest.includes('(?')) throw new Error(`Terraform cannot check the pattern ${pattern}`);
  const whole = `can(regex(${quoted(`^(${rest})$`)}, ${value}))`;
  return not ? `${whole} && !can(regex(${quoted(`^(${not})`)}, ${value}))` : whole;
}

/** The parameters of the stack, as CloudFormation takes them. */
function values(): string {
  const width = Math.max(...ROWS.map(({ id }) => id.length));
  const lines = ROWS.map(({ id, row }) => {
    const value = `var.${nameOf(row)}`;
    const text = { list: `join(",", ${value})`, text: value, word: value }[row.type as string];
    return `    ${id.padEnd(width)} = ${text ?? `tostring(${value})`}`;
  });
  return `locals {\n  parameters = {\n${lines.join('\n')}\n  }\n}\n`;
}

function literals(items: readonly string[]): string {
  return `[${items.map(quoted).join(', ')}]`;
}

/** A string of Terraform, without its templates. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/([$%])\{/g, '$1$1{');
}
