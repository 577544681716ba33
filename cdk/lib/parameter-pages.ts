import { defaultText, PARAMETERS, type Parameter } from './parameters';

const WIDTH = 95;

/** The text of lib/parameter-props.ts: the settings as props of the construct. */
export function propsSource(): string {
  const props = PARAMETERS.map((row) => {
    const doc = [
      ...wrap(row.meaning),
      ...wrap(`${sentence(row)}.`),
      `@default ${defaultText(row)}`,
    ];
    return [
      '  /**',
      ...doc.map((line) => `   * ${line}`),
      '   */',
      `  readonly ${row.prop}?: ${typeOf(row)};`,
    ].join('\n');
  });
  return `// Generated from infra/parameters.json (npm run generate). Do not edit.

/** The settings of infra/parameters.json. Each has a default. */
export interface ParameterProps {
${props.join('\n\n')}
}
`;
}

/** The table of infra/README.md. */
export function readmeTable(): string {
  const rows = PARAMETERS.map((row) => {
    const where = row.plainOnly ? ' Not in the Serverless Application Repository.' : '';
    const more = row.section ? ` ([more](#${row.section}))` : '';
    const cells = [
      `\`${row.parameter ?? row.prop}\``,
      code(defaultText(row)),
      acceptedCell(row),
      `${row.meaning}${where}${more}`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| parameter | default | expected | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function typeOf(row: Parameter): string {
  return {
    list: 'string[]',
    text: 'string',
    word: 'string',
    number: 'number',
    flag: 'boolean',
  }[row.type];
}

function sentence(row: Parameter): string {
  switch (row.type) {
    case 'list':
      return `Each like \`${row.example}\`${row.all ? `; \`['${row.all}']\` for all` : ''}`;
    case 'text':
      return `Like \`${row.example}\``;
    case 'word':
      return `One of ${row.words.join(', ')}`;
    case 'number':
      return row.range
        ? `${row.range.join(' to ')} ${row.unit}`
        : `In ${row.unit}: ${row.numbers?.join(', ')}`;
    case 'flag':
      return 'True or false';
  }
}

function acceptedCell(row: Parameter): string {
  switch (row.type) {
    case 'list':
      return `comma-separated, each like \`${row.example}\`${row.all ? `; \`${row.all}\` for all` : ''}`;
    case 'text':
      return `like \`${row.example}\``;
    case 'word':
      return row.words.map(code).join(', ');
    case 'number':
      return row.range ? `${row.range.join(' to ')} ${row.unit}` : few(row.numbers ?? [], row.unit);
    case 'flag':
      return '`true`, `false`';
  }
}

function few(numbers: readonly number[], unit: string): string {
  return `${numbers.slice(0, 3).join(', ')}, … ${numbers.at(-1)} ${unit}`;
}

// Values in code type, descriptions in words.
function code(text: string): string {
  return /^(none|any|the stack's .*)$/.test(text) ? text : `\`${text}\``;
}

function wrap(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (`${line} ${word}`.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
