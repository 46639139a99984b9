// The columns of a table as lines of text: types, nulls and samples of its first rows.
import { showElement } from '../../runtime/base/show-element';
import type { Schema } from '../../runtime/schema/schema';
import { kindText, valuesText } from '../../runtime/schema/schema-text';
import { escapeControls } from './safe-text';

/** Values of a column that are shown. */
const samples = 3;

/** A line for each column, in columns of their own. */
export function schemaLines({ columns }: Schema, rows: readonly object[]): string {
  const cells = columns.map(({ name, type, nullable, optional }) => {
    const values = rows.map((row) => (row as Record<string, unknown>)[name] ?? null);
    const found = new Set(values.filter((one) => one !== null).map((one) => (typeof one === 'string' ? one : showElement(one))));
    return [
      name,
      `${valuesText({ type, nullable })}${optional ? ', not in all' : ''}`,
      kindText(type),
      String(values.filter((one) => one === null).length),
      [...found].slice(0, samples).join(' · '),
    ].map(escapeControls);
  });
  const all = [['column', 'type', 'kind', 'nulls', 'samples'], ...cells];
  const widths = all[0].map((_, c) => Math.max(...all.map((line) => line[c].length)));
  return all
    .map((line) =>
      line
        .map((cell, c) => cell.padEnd(widths[c]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
