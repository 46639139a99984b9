// Prints the value of an expression: scalars with their type, records as tables, datasets as a head line and a sample.
import { types } from 'node:util';
import { msText } from '../../runtime/base/units';
import { defaultSettings } from '../base/settings';
import type { Screen, Settings } from '../contract/screen';
import { inspectValue } from './inspect-value';
import { reportError } from './report-error';
import { counted, cut, escapeControls, grouped, paint, widthOf } from './safe-text';
import { areRecords, tableOf as layTable } from './table';
import { dataProperty } from './value-facts';

/** The content of a dataset's head line. */
export interface Description {
  readonly name?: string;
  readonly partitions: number;
  /** Such as `hash(8)`; undefined for datasets without a partitioner. */
  readonly partitioner?: string;
  /** Where it is persisted, such as `memory`; undefined if it is not. */
  readonly cached?: string;
}

/** The first rows of a dataset. */
export interface Sample {
  readonly rows: readonly unknown[];
  /** True if these are all its rows. */
  readonly complete: boolean;
  /** Why the sample stopped early, such as `after 2.0 s`. */
  readonly gaveUp?: string;
  /** Set where a part of the input was read only: how much, and what the rest may change. */
  readonly part?: { readonly share: number; readonly notKnown: readonly ('values' | 'order' | 'matches')[] };
  readonly seconds: number;
}

/** A dataset as the prompt sees it. */
export interface Printable {
  describeForPrompt(): Description | Promise<Description>;
  /** The first `rows` rows, or as many as `ms` milliseconds allow. */
  preview(rows: number, ms: number): Promise<Sample>;
}

/** The description of a live value, such as a stream. */
export interface Described {
  readonly facts: readonly string[];
  /** Its state, at the right of the head line. */
  readonly state: string;
  /** Already escaped for the screen. */
  readonly lines: readonly string[];
}

/** Spaces before the right part of a head line, if there is room. */
const headGap = 10;
const maxType = 160;

export interface PrintOptions {
  readonly described?: Described;
  /** Shows every array as a table, whatever its elements are. */
  readonly rowsAlways?: boolean;
  /** No cell is cut. */
  readonly whole?: boolean;
  /** Called where the value is shown as a table, for other forms of it. */
  readonly onTable?: (table: ShownTable) => void;
}

/** A table with the lines above and below it. */
export interface ShownTable {
  readonly head: string;
  readonly rows: readonly unknown[];
  readonly names?: readonly string[];
  readonly foot: readonly string[];
}

type TableScreen = Screen & Pick<PrintOptions, 'onTable'> & { readonly whole: boolean };

/** Recognised by shape, not by class, so that datasets of any engine print. */
export function isPrintable(value: unknown): value is Printable {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  return typeof dataProperty(value, 'describeForPrompt') === 'function' && typeof dataProperty(value, 'preview') === 'function';
}

/**
 * The text for a value, without a last newline; empty for the undefined result of a void function. Never rejects, and bounds time
 * and size for any value.
 */
export async function printValue(
  name: string | undefined,
  type: string,
  value: unknown,
  screen: Screen,
  { described, rowsAlways = false, whole = false, onTable }: PrintOptions = {},
): Promise<string> {
  if (value === undefined && (type === 'void' || type === 'undefined')) return '';
  const head = headText(name, type, screen);
  if (described) {
    const lines = described.lines.map((line) => cut(line, screen.columns));
    return [headLine(head, described.facts, described.state, screen), ...lines].join('\n');
  }
  if (isPrintable(value)) return printDataset(head, value, { ...screen, whole, onTable });
  const table = recordsOf(value, settingsOf(screen).rows, rowsAlways);
  if (table) return printTable(head, table, { ...screen, whole, onTable });
  const used = widthOf(head.plain) + 3;
  const { text, deeper } = inspectValue(value, screen.columns, used, screen.color);
  return [`${head.shown} = ${text}`, ...opening(name, deeper, screen)].join('\n');
}

interface Head {
  readonly plain: string;
  readonly shown: string;
}

/** `name: type`; the type is cut to half of the screen's width, or to a whole line. */
function headText(name: string | undefined, type: string, screen: Screen): Head {
  const shownType = cut(escapeControls(type.replace(/\s+/g, ' ')), Math.min(maxType, Math.max(12, screen.columns - 12)));
  const colors = paint(screen.color);
  if (name === undefined) return { plain: shownType, shown: colors.cyan(shownType) };
  return { plain: `${name}: ${shownType}`, shown: `${colors.bold(name)}: ${colors.cyan(shownType)}` };
}

interface TableOf {
  readonly rows: readonly unknown[];
  readonly size: number;
  readonly noun: string;
  readonly names?: readonly string[];
}

/** Arrays of records, and maps, of more than one row print as tables; only the first rows decide. */
function recordsOf(value: unknown, limit: number, always: boolean): TableOf | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  try {
    if (Array.isArray(value)) return recordsOfArray(value, limit, always);
    if (types.isMap(value)) return recordsOfMap(value, limit);
  } catch {
    // An object that throws here is still shown by inspectValue, as far as possible.
  }
  return undefined;
}

function recordsOfArray(array: readonly unknown[], limit: number, always: boolean): TableOf | undefined {
  if (array.length < (always ? 1 : 2)) return undefined;
  const rows: unknown[] = [];
  for (let index = 0; index < Math.min(array.length, limit); index++) {
    const descriptor = Object.getOwnPropertyDescriptor(array, index);
    if (!descriptor || !('value' in descriptor)) return undefined;
    rows.push(descriptor.value);
  }
  return always || areRecords(rows) ? { rows, size: array.length, noun: 'row' } : undefined;
}

function recordsOfMap(map: ReadonlyMap<unknown, unknown>, limit: number): TableOf | undefined {
  if (map.size < 2) return undefined;
  const rows: unknown[] = [];
  for (const entry of Map.prototype.entries.call(map)) {
    if (rows.length === limit) break;
    rows.push(entry);
  }
  return { rows, size: map.size, noun: 'entry', names: ['key', 'value'] };
}

function printTable(head: Head, { rows, size, noun, names }: TableOf, screen: TableScreen): string {
  const count = noun === 'entry' ? `${grouped(String(size))} entries` : counted(size, noun);
  const table = layTable(rows, screen, names);
  const left = rows.length < size ? `${grouped(String(size - rows.length))} more` : '';
  const line = headLine(head, [], count, screen);
  const foot = footer(left, table.isCut, screen);
  screen.onTable?.({ head: line, rows, names, foot });
  return [line, table.text, ...foot].join('\n');
}

async function printDataset(head: Head, dataset: Printable, screen: TableScreen): Promise<string> {
  let facts: string[] = [];
  try {
    facts = factsOf(await dataset.describeForPrompt());
    const { rows, seconds } = settingsOf(screen);
    const preview = await dataset.preview(rows, seconds * 1_000);
    const line = headLine(head, facts, sampleText(preview), screen);
    const table = preview.rows.length > 0 ? layTable(preview.rows, screen) : undefined;
    const foot = table ? footer('', table.isCut, screen) : [];
    for (const lacks of preview.part?.notKnown ?? []) foot.push(dimLine(` … ${consequenceOf[lacks]}`, screen));
    if (preview.gaveUp && screen.live) foot.push(dimLine(' … .show, take(N), count() run to the end, or until Ctrl-C', screen));
    if (table) screen.onTable?.({ head: line, rows: preview.rows, foot });
    return [line, ...(table ? [table.text] : []), ...foot].join('\n');
  } catch (error) {
    return `${headLine(head, facts, 'no sample', screen)}\n${reportError(error, {}, screen)}`;
  }
}

const settingsOf = ({ settings }: Screen): Settings => settings ?? defaultSettings;

/** What was left out and, at a live screen, the command that shows it. */
function footer(left: string, isCut: boolean, screen: Screen): string[] {
  const how = isCut ? 'cells are cut: .page shows all' : '.show N shows more';
  const parts = [left, screen.live && (left !== '' || isCut) ? how : ''].filter((part) => part !== '');
  return parts.length === 0 ? [] : [dimLine(` … ${parts.join(' · ')}`, screen)];
}

/** At a live screen, how to open the first object that was too deep to be shown. */
function opening(name: string | undefined, deeper: string | undefined, screen: Screen): string[] {
  if (!screen.live || deeper === undefined) return [];
  const from = name === undefined || /^[\w$.]+$/.test(name) ? name : `(${name})`;
  const how =
    from === undefined || deeper === '' ? '.page shows all' : `${from}${deeper} opens the first that is closed; .page shows all`;
  return [dimLine(` … ${how}`, screen)];
}

const dimLine = (text: string, { color, columns }: Screen): string => paint(color).dim(cut(text, columns));

function factsOf({ name, partitions, partitioner, cached }: Description): string[] {
  const facts = [counted(partitions, 'partition'), partitioner, cached ?? 'not cached'];
  return [name, ...facts]
    .filter((fact) => fact !== undefined && fact !== '')
    .map((fact) => cut(escapeControls(String(fact)), 60));
}

/** What must be known of rows that were computed from a part of the input. */
const consequenceOf = {
  values: 'values and groups are of that part only',
  order: 'what was not read may come before these rows',
  matches: 'matches that were not read are missing',
};

/** Never 0 or 100: something was read, and not all. */
const percent = (share: number): string => (share < 0.01 ? 'less than 1 %' : `${Math.min(99, Math.floor(share * 100))} %`);

function sampleText({ rows, complete, gaveUp, part, seconds }: Sample): string {
  const took = msText(seconds * 1_000);
  if (part)
    return `${rows.length === 0 ? 'no rows' : `sample of ${rows.length}`} in ${percent(part.share)} of the input, ${took}`;
  if (gaveUp) {
    const found = rows.length === 0 ? 'no rows yet' : `sample of ${rows.length}`;
    return `${found}: it stopped ${cut(escapeControls(gaveUp), 120)}`;
  }
  if (complete) return `${counted(rows.length, 'row')}, ${took}`;
  return `sample of ${rows.length}, ${took}`;
}

/** `name: type  facts          sample`, on as many lines as the width requires. */
function headLine(head: Head, facts: readonly string[], right: string, screen: Screen): string {
  const colors = paint(screen.color);
  const left = facts.join(' · ');
  const gapped = (gap: number) => widthOf(head.plain) + (left ? 2 + widthOf(left) : 0) + gap + widthOf(right) <= screen.columns;
  const gap = facts.length > 0 && gapped(headGap) ? headGap : 2;
  if (gapped(gap)) return `${head.shown}${left ? `  ${left}` : ''}${' '.repeat(gap)}${colors.dim(right)}`;
  const pieces = [...facts, right];
  return [head.shown, ...folded(pieces, screen.columns).map((line) => colors.dim(line))].join('\n');
}

/** Pieces joined by dots, on indented lines; a piece wider than a line is cut. */
function folded(pieces: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces) {
    const joined = line ? `${line} · ${piece}` : ` ${piece}`;
    if (widthOf(joined) <= columns) line = joined;
    else {
      if (line) lines.push(line);
      line = ` ${cut(piece, columns - 1)}`;
    }
  }
  return [...lines, line];
}
