// What a Spark name is called here: looks it up in the tables of docs/from-spark-shell.md.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../base/package-root';

const plain = (cell: string): string => cell.replaceAll('`', '').replaceAll('\\|', '|').trim();

/** `Spark's SparkContext.makeRDD is parallelize here. …`, one line per class that has the name; empty if none has. */
export function fromSpark(name: string): string {
  const wanted = name.split('.').at(-1)!.replace(/\(.*$/, '');
  const lines: string[] = [];
  for (const section of readGuide().split(/^## /m)) {
    const heading = section.slice(0, section.indexOf('\n'));
    for (const row of section.split('\n').filter((line) => line.startsWith('| `'))) {
      const [, spark, here, note] = row.split(/(?<!\\)\|/);
      if (heading === 'Commands' || !spark.includes(`\`${wanted}\``)) continue;
      const told = plain(here) === 'not there' ? 'not there' : `${plain(here)} here`;
      lines.push(`Spark's ${heading}.${wanted} is ${told}${plain(note) ? `: ${plain(note)}` : ''}.\n`);
    }
  }
  return lines.join('');
}

/** The guide is part of the package; without it the answer is empty. */
function readGuide(): string {
  try {
    return readFileSync(path.join(packageRoot(), 'docs', 'from-spark-shell.md'), 'utf8');
  } catch {
    return '';
  }
}
