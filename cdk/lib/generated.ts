import { readFileSync } from 'node:fs';
import { propsSource, readmeTable } from './parameter-pages';
import { plainTemplate, sarTemplate } from './templates';
import { terraformParameters } from './terraform';

export interface GeneratedFile {
  readonly file: URL;
  readonly text: string;
}

const LIB = new URL('./', import.meta.url);
const INFRA = new URL('../../infra/', import.meta.url);

/** The page that the Serverless Application Repository shows. */
export const README = new URL('README.md', INFRA);
export const TEMPLATE = new URL('template.yaml', INFRA);
export const PLAIN_TEMPLATE = new URL('cloudformation.yaml', INFRA);

/** Every committed file that is generated from infra/parameters.json and the CDK app. */
export function generated(): GeneratedFile[] {
  return [
    { file: new URL('parameter-props.ts', LIB), text: propsSource() },
    { file: README, text: withTable(readFileSync(README, 'utf8')) },
    { file: TEMPLATE, text: sarTemplate() },
    { file: PLAIN_TEMPLATE, text: plainTemplate() },
    { file: new URL('terraform/parameters.tf', INFRA), text: terraformParameters() },
  ];
}

const TABLE = /(?<=<!-- parameters:begin -->\n).*(?=<!-- parameters:end -->)/s;
const NOTE = '<!-- Generated from infra/parameters.json (npm run generate). -->';

function withTable(page: string): string {
  if (!TABLE.test(page)) throw new Error('infra/README.md has no place for the parameter table');
  return page.replace(TABLE, () => `${NOTE}\n\n${readmeTable()}\n`);
}
