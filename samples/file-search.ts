// Finds the lines of files that hold a text: npm start -- samples/file-search.ts 'logs/*.log' ERROR
import { join } from 'node:path';

const files = args[0] ?? join(__dirname, 'data/*.log');
const wanted = args[1] ?? 'ERROR';

const lines = sc.textFile(files);
const found = lines.filter((line) => line.includes(wanted));

console.log(`${await found.count()} of ${await lines.count()} lines hold ${JSON.stringify(wanted)}; the first ones:`);
for (const line of await found.take(5)) console.log(`  ${line}`);
