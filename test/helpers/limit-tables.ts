// The tables of docs/limits.md and docs/options.md that are made from the sources: each hard number with its reason, each option with its default and range.
import ts from 'typescript';
import { defaultQuotas, type Quota } from '../../cluster/serve/session/quotas';
import { type Config, makeConfig } from '../../runtime/base/config';
import type { MillraceError } from '../../runtime/base/errors';
import { readDocument } from './sources';

interface Constant {
  readonly name: string;
  readonly value: number | string;
  readonly reason: string;
}

const parse = (path: string) => ts.createSourceFile(path, readDocument(path), ts.ScriptTarget.ES2023, true);

const commentOf = (node: ts.Node) =>
  ts
    .getJSDocCommentsAndTags(node)
    .map((doc) => ts.getTextOfJSDocComment((doc as ts.JSDoc).comment) ?? '')
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();

/** The constants of a file that are numbers or texts. One without a comment belongs to the one above. */
function constantsOf(path: string): Constant[] {
  const found: Constant[] = [];
  for (const statement of parse(path).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const value = valueOf(initializer, found);
      if (value === undefined) continue;
      found.push({ name: name.getText(), value, reason: commentOf(statement) || 'goes with the one above' });
    }
  }
  return found;
}

/** Of sums and products of literals and of constants above, as such files are written. */
function valueOf(node: ts.Expression | undefined, above: readonly Constant[]): number | string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteral(node)) return node.text;
  const named = new Map(above.map(({ name, value }) => [name, String(value)]));
  const text = node.getText().replace(/[A-Za-z]\w*/g, (name) => named.get(name) ?? name);
  return /^[\dx_a-f\s*+<()-]+$/.test(text) ? (new Function(`return ${text}`)() as number) : undefined;
}

const units: readonly (readonly [RegExp, (value: number) => string])[] = [
  [/bytes$/i, (value) => scaled(value, 1024, ['bytes', 'KiB', 'MiB', 'GiB'])],
  [/Ms$/, (value) => (value < 1000 ? `${value} ms` : value < 60_000 ? `${value / 1000} s` : `${value / 60_000} min`)],
];

function scaled(value: number, step: number, names: readonly string[]): string {
  const power = value === 0 ? 0 : Math.min(names.length - 1, Math.floor(Math.log(value) / Math.log(step)));
  const shown = Number((value / step ** power).toFixed(2));
  return `${shown} ${names[power]}`;
}

function shown(name: string, value: unknown): string {
  if (typeof value !== 'number') return typeof value === 'string' ? `\`${value}\`` : `\`${JSON.stringify(value)}\``;
  const unit = units.find(([pattern]) => pattern.test(name))?.[1];
  return unit ? unit(value) : value.toLocaleString('en-US');
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

function limitsOf(path: string): string {
  return table(
    ['number', 'is', 'what it limits, and why it is that'],
    constantsOf(path).map(({ name, value, reason }) => [`\`${name}\``, shown(name, value), reason]),
  );
}

/** The members of an interface in a file, with what is said of them. */
function membersOf(path: string, name: string): { readonly name: string; readonly text: string }[] {
  const declared = parse(path).statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  return (declared as ts.InterfaceDeclaration).members.map((member) => ({
    name: member.name!.getText(),
    text: commentOf(member),
  }));
}

/** What an option may be, in the words of the error that refuses everything else. */
function rangeOf(option: string): string {
  try {
    makeConfig(2, { [option]: Symbol.iterator as never });
  } catch (error) {
    return String((error as MillraceError).details['rule']);
  }
  return '';
}

function config(): string {
  const defaults = makeConfig(2);
  const members = [
    ...membersOf('runtime/base/config.ts', 'Config'),
    ...membersOf('runtime/base/config.ts', 'SchedulingOptions'),
    ...membersOf('runtime/base/config.ts', 'SpeculationOptions'),
    ...membersOf('runtime/base/config.ts', 'ExclusionOptions'),
  ];
  return table(
    ['option', 'default', 'may be', 'what it is'],
    members.map(({ name, text }) => [`\`${name}\``, shown(name, defaults[name as keyof Config]), rangeOf(name), text]),
  );
}

/** Defaults in short, two options a row; what follows from the slots is said so. */
function conf(): string {
  const [few, many] = [makeConfig(2), makeConfig(5)];
  const cells = (Object.keys(few) as (keyof Config)[]).map((name) => [
    `\`${name}\``,
    JSON.stringify(few[name]) === JSON.stringify(many[name]) ? shown(name, few[name]) : 'the slots, at least 2',
  ]);
  const half = Math.ceil(cells.length / 2);
  const rows = cells.slice(0, half).map((cell, at) => [...cell, ...(cells[half + at] ?? ['', ''])]);
  return table(['option', 'default', 'option', 'default'], rows);
}

/** The quotas of `millrace serve`, with their defaults. */
function quotas(): string {
  const members = membersOf('cluster/serve/session/quotas.ts', 'Quotas');
  return table(
    ['setting', 'default', 'what a session may have'],
    members.map(({ name, text }) => [`\`${name}\``, shown(name, defaultQuotas[name as Quota]), text]),
  );
}

const optionsOf = (path: string, name: string) =>
  table(
    ['option', 'what it is'],
    membersOf(path, name).map((member) => [`\`${member.name}\``, member.text]),
  );

/** Numbers of the shell that people meet: file, constant, and what it limits. */
const ofThePrompt: readonly (readonly [path: string, constant: string, what: string])[] = [
  ['shell/print/table.ts', 'maxColumns', 'columns of a table'],
  ['shell/print/pane-model.ts', 'trendLength', 'batches that the line of a pane looks back'],
  ['shell/session/stream-display.ts', 'paneEveryMs', 'between two paints of a pane'],
  ['shell/session/stream-display.ts', 'noticeAgainMs', 'between two notices of one kind'],
  ['shell/session/stream-commands.ts', 'leaveLimitMs', 'what was received is worked off, when the shell is left'],
  ['shell/terminal/history.ts', 'maxEntries', 'entries of the history'],
  ['shell/print/report-error.ts', 'maxDiagnostics', 'type errors shown of one entry'],
  ['shell/print/report-error.ts', 'maxFrames', 'frames shown of a stack'],
];

function prompt(): string {
  const rows = ofThePrompt.map(([path, constant, what]) => {
    const found = constantsOf(path).find(({ name }) => name === constant);
    if (found === undefined) throw new Error(`${path} has no constant ${constant}`);
    return [what, shown(constant, found.value)];
  });
  return table(['at the prompt', ''], rows);
}

/** Each table by the name in its marks: `<!-- table: NAME -->` above, `<!-- end -->` below. */
const makers: Readonly<Record<string, () => string>> = {
  engine: () => limitsOf('runtime/base/limits.ts'),
  processes: () => limitsOf('cluster/base/limits.ts'),
  config,
  conf,
  connect: () => optionsOf('cluster/connect.ts', 'ConnectOptions'),
  streaming: () => optionsOf('runtime/streaming/options.ts', 'StreamingOptions'),
  receivers: () => optionsOf('runtime/streaming/ops/receivers.ts', 'ReceiverOptions'),
  prompt,
  quotas,
};

/** The document with each marked table as the sources have it. */
export function withTables(document: string): string {
  return document.replace(/<!-- table: (\w+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const make = makers[name];
    if (make === undefined) throw new Error(`there is no table ${name}`);
    return `<!-- table: ${name} -->\n${make()}\n<!-- end -->`;
  });
}

export const tableNames = Object.keys(makers);

/** The documents that have such tables. */
export const tabledDocuments = ['docs/limits.md', 'docs/options.md'];
