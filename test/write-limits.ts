// Writes the tables of docs/limits.md and docs/options.md from the sources: npm run tables
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tabledDocuments, withTables } from './helpers/limit-tables';

for (const name of tabledDocuments) {
  const file = join(__dirname, '..', name);
  writeFileSync(file, withTables(readFileSync(file, 'utf8')));
}
