// `.sql` runs a query in plain SQL, or lets the prompt read SQL; `.ts` goes back.
import type { Command, CommandHost, EntryEnd } from '../../contract/commands';
import { sqlEntry, tableWords } from '../sql-text';

async function runSql(host: CommandHost, text: string): Promise<EntryEnd> {
  const names = new Set<string>();
  for (const word of tableWords(text)) if (/^\w*RDD\b/.test((await host.typeText(word)) ?? '')) names.add(word);
  return host.entry(sqlEntry(text, names));
}

export const sqlCommands: readonly Command[] = [
  {
    name: 'sql',
    argument: 'sql',
    usage: '.sql [QUERY]',
    brief: 'run a query in plain SQL, or let the prompt read SQL until .ts',
    help: [
      'Your datasets are tables under their names, and files by their paths; the answer is resN, a dataset. Alone it opens the prompt sql>, where an entry ends',
      'with a semicolon and commands work as ever; .ts, .exit or Ctrl-D goes back. docs/sql.md has the dialect.',
    ].join(' '),
    examples: ['.sql select 1 + 1 as two'],
    run: async (host, argument) => {
      if (argument !== '') return runSql(host, argument);
      if (host.front.readSql(true)) return 'ok';
      host.front.print('Only the prompt reads SQL; a script writes sql`…`.\n', 'err');
      return 'failed';
    },
  },
  {
    name: 'ts',
    argument: 'none',
    usage: '.ts',
    brief: 'go back from the prompt of SQL to TypeScript',
    help: 'The names are the same in both.',
    run: async (host) => {
      host.front.readSql(false);
      return 'ok';
    },
  },
];
