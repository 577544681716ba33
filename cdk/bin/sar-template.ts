import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sarTemplate, TEMPLATE } from '../lib/sar-template';

writeFileSync(TEMPLATE, sarTemplate());
console.log(`wrote ${fileURLToPath(TEMPLATE)}`);
