import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generated } from '../lib/generated';

for (const { file, text } of generated()) {
  const path = fileURLToPath(file);
  if (readFileSync(path, 'utf8') !== text) {
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  }
}
