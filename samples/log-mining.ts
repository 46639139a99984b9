// In-memory search (the first example of the RDD paper): reads a log once, keeps its errors in memory, and asks again and again.
import { join } from 'node:path';

const log = sc.textFile(args[0] ?? join(__dirname, 'data/server.log'));
const errors = log.filter((line) => line.includes('ERROR')).cache();

console.log(`${await errors.count()} errors`);
console.log(`${await errors.filter((line) => line.includes('mysql')).count()} of them from mysql`);

// The time is the second column, the component the fourth.
const byComponent = await errors
  .map((line) => [line.split(' ')[3], 1])
  .reduceByKey((a, b) => a + b)
  .collect();
console.log('by component:', Object.fromEntries(byComponent.sort((a, b) => b[1] - a[1])));

const hours = await errors.map((line) => line.split(' ')[1].slice(0, 2)).countByValue();
console.log('worst hour:', [...hours].sort((a, b) => b[1] - a[1])[0]);
