// Every example of README and docs/ runs: scripts with the values of their trailing comments, sessions at the prompt, commands of a terminal.
// time limit: 300 s
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { globSync } from 'tinyglobby';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Block, blocksOf, isSession, sceneOf } from '../helpers/markdown';
import { readDocument } from '../helpers/sources';
import { shellCommand } from '../helpers/terminal';
import { checkSession, outputPattern } from '../helpers/transcript';

const run = promisify(execFile);
const root = join(__dirname, '..', '..');
const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: root }).sort()];
const limitMs = 60_000;

/** A folder in which `samples` is what it is in the project. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
symlinkSync(join(root, 'samples'), join(folder, 'samples'));
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** `EXPRESSION // VALUE` becomes a comparison: one line, so that lines keep their numbers. */
function compared(line: string): string {
  const [code, value] = line.split(/ +\/\/ (?=[[\d'{-]|true$|false$|undefined$|new Map)/);
  if (value === undefined || !isExpression(value) || /^(const|let|import|type|for|if)\b|[,([{]$/.test(code)) return line;
  return `sameAsWritten(${code}, ${value})`;
}

/** Whether a comment is a value, and not a sentence that begins like one. */
function isExpression(text: string): boolean {
  try {
    return new Function(`(${text})`) !== undefined;
  } catch {
    return false;
  }
}

/** Their examples need a server: their types are checked here, and what they do is tested by `npm run test:connectors`. */
const needServers: ReadonlySet<string> = new Set(['docs/kafka.md', 'docs/databases.md', 'docs/cassandra.md']);

/** A block that begins with the name of a file is a module of that name. */
const moduleOf = ({ text }: Block): string | undefined => /^\/\/ (\w+\.ts)\n/.exec(text)?.[1];

/** The blocks of one document as a script, each at its own lines. */
function scriptOf(blocks: readonly Block[]): string {
  const lines: string[] = [];
  for (const { line, text } of blocks) {
    lines.push(...Array.from({ length: line - 1 - lines.length }, () => ''));
    lines.push(...text.trimEnd().split('\n').map(compared));
  }
  lines[0] = "import { deepStrictEqual as sameAsWritten } from 'node:assert'";
  return `${lines.join('\n')}\n`;
}

for (const document of [...documents, 'ARCHITECTURE.md', 'MAP.md', 'SECURITY.md', 'CHANGELOG.md']) {
  test(`${document}: its links and the files that it names are there`, () => {
    const text = readDocument(document);
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => join(dirname(document), link));
    const named = [...text.matchAll(/`((?:runtime|cluster|shell|test|samples|docs)\/[\w./-]+\.\w+)`/g)].map(([, path]) => path);
    assert.equal(
      [...links, ...named].filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
}

for (const document of documents) {
  const blocks = blocksOf(document);
  const scripts = blocks.filter(({ language }) => language === 'ts');

  test(`${document}: the language of each block is one that a test runs`, () => {
    const others = blocks.filter((block) => !['ts', 'bash', 'text'].includes(block.language) && !isSession(block));
    assert.equal(
      others.map(({ line }) => `${document}:${line}`),
      [],
    );
  });

  if (scripts.length > 0)
    test(`${document}: ${scripts.length} blocks of TypeScript`, async () => {
      const file = join(folder, `${basename(document)}.ts`);
      const checked = needServers.has(document);
      const modules = checked ? scripts.filter(moduleOf) : [];
      for (const block of modules) writeFileSync(join(folder, moduleOf(block)!), block.text);
      writeFileSync(file, scriptOf(scripts.filter((block) => !modules.includes(block))));
      const [command, ...args] = shellCommand(...(checked ? ['--check'] : ['--master', 'local[2]']), file);
      await run(command, args, { cwd: folder, timeout: limitMs });
    });

  for (const block of blocks.filter(isSession))
    test(`${document}:${block.line}: ${block.text.split('\n')[0].slice(0, 60)}`, () => checkSession(block.text, sceneOf(block)));

  for (const block of blocks.filter(({ language }) => language === 'bash'))
    test(`${document}:${block.line}: ${block.text.split('\n')[0].slice(0, 60)}`, () => checkCommands(block));
}

/** Lines with `$ ` are run and must print what stands below them; of others the scripts and options that they name must be there. */
async function checkCommands({ text }: Block): Promise<void> {
  const commands = text.split(/^\$ /m);
  for (const command of commands.slice(1)) {
    const [line, ...output] = command.trimEnd().split('\n');
    const ours = line.replace(
      /(npm start --|millrace)(?= )/,
      shellCommand()
        .map((word) => `'${word}'`)
        .join(' '),
    );
    const { stdout } = await run('sh', ['-c', `${ours} 2>&1; true`], { cwd: folder, timeout: limitMs });
    assert.match(stdout, outputPattern(output), line);
  }
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [command, ...args] = shellCommand('--help');
  const help = (await run(command, args)).stdout;
  const plain = text.replace(/#.*/g, '');
  for (const [, name] of plain.matchAll(/npm (?:run )?([\w:]+)/g))
    assert.ok(name === 'ci' || name === 'install' || name in scripts, `npm run ${name}`);
  for (const [, options] of plain.matchAll(/(?:npm start --|millrace) ((?:-[^\n]*)?)/g))
    for (const option of options.match(/(?<=^| )--?[a-z][\w-]*/g) ?? []) assert.ok(help.includes(option), option);
}

test.run();
