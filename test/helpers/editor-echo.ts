// A program for the editor's tests: an editor that answers each entry with what it got, and obeys a few words.
import { readFileSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { BlockEditor } from '../../shell/editor/block-editor';
import type { EditorHost } from '../../shell/editor/editor';
import { isUnfinished } from '../../shell/editor/unfinished';

const history: string[] = process.argv[2]
  ? (JSON.parse(readFileSync(process.argv[2], 'utf8')) as string[])
  : ['first entry', 'const a = [\n  1,\n]', 'third entry'];
const editor = new BlockEditor(process.stdin as ReadStream, process.stdout as WriteStream, {
  earlier: { entries: () => history, refreshed: () => history },
  color: () => process.stdout.hasColors(),
});
const words = ['parallelize', 'parquet', 'partitions'];

function show(text: string): void {
  const shown = JSON.stringify(text);
  editor.print(shown.length > 10_000 ? `=> ${shown.length} characters\n` : `=> ${shown}\n`);
}

const obey: Record<string, (argument: string) => void> = {
  print: (argument) => editor.print(JSON.parse(argument) as string),
  write: (argument) => {
    for (const [index, part] of (JSON.parse(argument) as string[]).entries()) setTimeout(() => editor.write(part), index * 30);
  },
  progress: (argument) => editor.setProgress(argument === '' ? undefined : argument),
  panes: (argument) => editor.setPanes(argument === '' ? undefined : () => argument.split('|')),
  busy: (argument) => {
    editor.setBusy(true);
    setTimeout(() => editor.setBusy(false), Number(argument));
  },
  many: (argument) => {
    for (let line = 1; line <= Number(argument); line++) editor.print(`line ${line}\n`);
  },
  block: () => void editor.readBlock().then((text) => editor.print(`block ${JSON.stringify(text)}\n`)),
};

const host: EditorHost = {
  submit(text) {
    history.push(text);
    editor.echo(text);
    const [word, ...rest] = text.split(' ');
    const command = obey[word.slice(1)];
    if (word.startsWith('!') && command) command(rest.join(' '));
    else show(text);
  },
  isComplete: (text) => (text.includes('slow') ? new Promise((resolve) => setTimeout(resolve, 200, true)) : !isUnfinished(text)),
  complete: async (text, cursor) => {
    const word = /\w*$/.exec(text.slice(0, cursor))?.[0] ?? '';
    const entries = words.filter((name) => name.startsWith(word)).map((name) => ({ name, kind: 'method' }));
    return { start: cursor - word.length, end: cursor, entries };
  },
  parts: (text) => ({
    command: text.startsWith('!') ? text.split(' ')[0].length : 0,
    code: text.startsWith('!') ? text.length : 0,
  }),
  signature: async (text) => {
    const name = /(\w+)\([^)]*$/.exec(text)?.[1];
    if (name === undefined) return undefined;
    const active = text.slice(text.lastIndexOf('(')).split(',').length - 1;
    return {
      before: `${name}(`,
      parameters: ['first: string', 'second: number'],
      active,
      after: '): void',
      sentence: 'Does it.',
    };
  },
  about: async (text) => `about ${text}`,
  interrupt: () => editor.print('(interrupt)\n'),
  leave: () => {
    editor.stop();
    process.exit(0);
  },
};

editor.start(host);
