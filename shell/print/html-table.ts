// A table as HTML, for notebooks: the rows and lines of the text form, with every text escaped.
import { stripVTControlCharacters } from 'node:util';
import type { ShownTable } from './print-value';
import { columnsOf, lay } from './table';

/** Cells are cut at this width: a notebook scrolls. */
const widestCell = 240;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text in which no character means anything to HTML. */
export const escapeHtml = (text: string): string => stripVTControlCharacters(text).replace(/[&<>"']/g, (one) => entities[one]);

const right = ' style="text-align: right"';

/** One row of cells; numbers stand at the right. */
export const htmlRow = (tag: 'td' | 'th', cells: readonly string[], numeric: readonly boolean[]): string =>
  `<tr>${cells.map((cell, i) => `<${tag}${numeric[i] ? right : ''}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;

const line = (text: string): string => `<div><small>${escapeHtml(text.trim())}</small></div>`;

/** The head line, the names and types of the columns, the rows, and what was left out. */
export function htmlTable({ head, rows, names, foot }: ShownTable): string {
  const { columns, further } = columnsOf(rows, names);
  const laid = columns.map((column) => lay(column, { columns: widestCell }));
  const numeric = laid.map((column) => column.numeric);
  const heads = laid.some(({ name }) => name !== undefined)
    ? [
        htmlRow(
          'th',
          laid.map(({ name = '' }) => name),
          numeric,
        ),
      ]
    : [];
  const types = htmlRow(
    'td',
    laid.map(({ type }) => type),
    numeric,
  ).replaceAll('<td', '<td class="type"');
  const body = rows.map((_, i) =>
    htmlRow(
      'td',
      laid.map(({ cells }) => cells[i].trimEnd()),
      numeric,
    ),
  );
  const left = further > 0 ? [line(`… ${further} more columns`)] : [];
  return [
    ...head.split('\n').map((text) => `<div>${escapeHtml(text)}</div>`),
    `<table><thead>${heads.join('')}${types}</thead><tbody>`,
    ...body,
    '</tbody></table>',
    ...left,
    ...foot.map(line),
  ].join('\n');
}
