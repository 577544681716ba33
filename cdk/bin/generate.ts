import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { costPages } from '../lib/cost-pages';
import { generated } from '../lib/generated';

// In this order: both write into infra/README.md, and each reads it first.
for (const files of [generated, costPages]) {
  for (const { file, text } of files()) {
    const path = fileURLToPath(file);
    if (readFileSync(path, 'utf8') !== text) {
      writeFileSync(path, text);
      console.log(`wrote ${path}`);
    }
  }
}
