// The text to check for an entry: the expression at its end is awaited, and becomes the value of `resN`.

import { continuationStart } from '../base/continuation';
import type { Addition } from './additions/addition';
import { ambientOf } from './entry-syntax';
import { lastValue, type WholeEntry } from './read-entry';
import { Layout } from './text-layout';

/**
 * The layout of a text to complete, which may stop anywhere; a leading dot continues the last value here too. `head` declares names: in
 * front of the text, because behind it they would stand inside of its open brackets.
 */
export function layoutScratch(text: string, head = ''): Layout {
  const layout = new Layout(text).insert(0, head);
  const dot = continuationStart(text, { unfinished: true });
  return dot === undefined ? layout : layout.insert(dot, lastValue);
}

/**
 * The text to check: the expression at the end, awaited, becomes the initializer of the result variable.
 * `let`, so that a literal gets the type that a variable would have (`number`, not `5`).
 */
export function layoutEntry(text: string, entry: WholeEntry, result: string, additions: readonly Addition[] = []): Layout {
  const layout = new Layout(text);
  // Ambient declarations have no value for the tail to export; their own `export` leaves no trace in the code.
  const shift = entry.continues === undefined ? 0 : lastValue.length;
  for (const start of ambientOf(entry.file).starts) layout.insert(start - shift, 'export ');
  if (entry.expression) layout.insert(entry.expression.start, `let ${result}=await (`);
  if (entry.continues !== undefined) layout.insert(entry.continues, lastValue);
  for (const { at, text } of additions) layout.insert(at, text);
  if (entry.expression) layout.insert(entry.expression.end, ')');
  return layout;
}
