// A query in the way of LINQ: for each country of the users its most visited pages, the busiest country first.
import { join } from 'node:path';
import { from } from 'millrace/models';

const rows = (name: string) => sc.textFile(join(__dirname, 'data', name)).map((line) => line.split(',') as [string, string]);

const countries = await from(rows('visits.csv'))
  .join(
    rows('users.csv'),
    ([visitor]) => visitor,
    ([user]) => user,
    ([, page], [, country]) => ({ country, page }),
  )
  .where(({ page }) => page !== 'index')
  .groupBy(
    ({ country }) => country,
    ({ page }) => page,
  )
  .select(({ key, values }) => {
    const visits = new Map<string, number>();
    for (const page of values) visits.set(page, (visits.get(page) ?? 0) + 1);
    const best = [...visits].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return { country: key, visits: values.length, pages: best.slice(0, 2).map(([page]) => page) };
  })
  .orderByDescending(({ visits }) => visits)
  .thenBy(({ country }) => country)
  .toArray();

for (const { country, visits, pages } of countries) console.log(`${String(visits).padStart(4)}  ${country}: ${pages.join(', ')}`);
