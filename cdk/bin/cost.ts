import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { costPages } from '../lib/cost-pages';

const check = process.argv.includes('--check');
let outdated = false;
for (const { file, text } of costPages()) {
  const path = fileURLToPath(file);
  if (readFileSync(path, 'utf8') === text) continue;
  if (check) {
    console.error(`${path}: the costs are out of date; run scripts/checks/cost`);
    outdated = true;
  } else {
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  }
}
process.exitCode = outdated ? 1 : 0;
