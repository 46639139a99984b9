// MapReduce as in Hadoop: the last error of each component of a log, by a secondary sort, and how many lines there are of each level.
import { join } from 'node:path';
import { Counters, mapReduce } from 'millrace/models';

const lines = sc.textFile(args[0] ?? join(__dirname, 'data/server.log'));
const levels = new Counters(sc);

const lastErrors = mapReduce(
  lines.map((line) => [line, null]),
  {
    map(line, _, emit: (component: string, at: string) => void, count) {
      const [day, time, level, component] = line.split(' ');
      count(level);
      if (level === 'ERROR') emit(component, `${day} ${time}`);
    },
    // The shuffle sorts the times of each component, so that the last one comes last.
    orderValuesBy: (at) => at,
    reduce(component, times, emit: (component: string, last: string) => void) {
      let last = '';
      for (const at of times) last = at;
      emit(component, last);
    },
    numReducers: 2,
    counters: levels,
  },
);

for (const [component, last] of await lastErrors.sortByKey().collect()) console.log(`${component.padEnd(8)}${last}`);
console.log(Object.fromEntries([...levels.value].sort()));
