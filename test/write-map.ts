// Writes MAP.md from the sources: npm run map
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mapText, roomsOff } from './helpers/map';

for (const problem of roomsOff()) console.error(problem);
writeFileSync(join(__dirname, '..', 'MAP.md'), mapText());
