// Makes the tables of docs/limits.md anew: node -r ts-node/register/transpile-only test/write-limits.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTables } from './helpers/limit-tables';

const file = join(__dirname, '..', 'docs', 'limits.md');
writeFileSync(file, withTables(readFileSync(file, 'utf8')));
