// A record as a block: a head, and a line for each of its fields, which may go on over several lines.
import { inspectWholeLine } from './inspect-value';
import { cut, escapeControls, pad, widthOf } from './safe-text';
import { isRecord } from './value-facts';

/** Names take at most this share of the width. */
const nameShare = 0.4;

/** The lines of one row; `number` counts from 1. */
export function recordText(row: unknown, number: number, columns: number): string {
  const head = cut(`── ${number} ${'─'.repeat(Math.max(2, Math.min(columns, 40) - String(number).length - 4))}`, columns);
  const fields = isRecord(row) ? Object.entries(row) : Array.isArray(row) ? row.map((value, i) => [String(i), value]) : undefined;
  if (!fields) return `${head}\n${valueText(row)}`;
  const names = fields.map(([name]) => cut(escapeControls(String(name)), Math.max(3, Math.floor(columns * nameShare))));
  const width = Math.max(0, ...names.map(widthOf));
  return [head, ...fields.map(([, value], i) => `${pad(names[i], width)} │ ${valueText(value)}`)].join('\n');
}

const valueText = (value: unknown): string => (typeof value === 'string' ? escapeControls(value) : inspectWholeLine(value));
