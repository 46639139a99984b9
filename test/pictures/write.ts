// Draws the pictures of the README again: npm run pictures
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pictures } from './pictures';

for (const [path, draw] of Object.entries(pictures)) writeFileSync(join(__dirname, '..', '..', path), draw());
