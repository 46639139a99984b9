// Joins page views with a table of users, and counts views by country; users without a row count as "unknown".
import { join } from 'node:path';

const rows = (name: string) => sc.textFile(join(__dirname, 'data', name)).map((line) => line.split(',') as [string, string]);

const users = rows('users.csv'); // name, country
const visits = rows('visits.csv'); // name, page

const byCountry = visits
  .leftOuterJoin(users)
  .map(([, [, country]]) => [country ?? 'unknown', 1])
  .reduceByKey((a, b) => a + b)
  .sortBy(([, n]) => -n);

for (const [country, n] of await byCountry.collect()) console.log(`${String(n).padStart(6)}  ${country}`);
