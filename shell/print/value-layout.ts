// Lays out a shown value: on one line if it fits, else one element per line, or several short scalars.
import { cut, paint, widthOf } from './safe-text';

export type Kind = 'string' | 'number' | 'other' | 'note';

/** The parts of a shown value, before layout in lines. */
export type Doc =
  | { readonly text: string; readonly kind: Kind }
  | {
      readonly label: string;
      readonly open: string;
      readonly close: string;
      readonly items: readonly Doc[];
      readonly prefix?: undefined;
    }
  | { readonly prefix: string; readonly value: Doc };

export const other = (text: string): Doc => ({ text, kind: 'other' });
export const note = (text: string): Doc => ({ text, kind: 'note' });

/** A value on one line, or on those that its own text has. */
export function inlined(doc: Doc): string {
  if ('text' in doc) return doc.text;
  if (doc.prefix !== undefined) return doc.prefix + inlined(doc.value);
  if (doc.items.length === 0) return doc.label + doc.open + doc.close;
  const inner = doc.items.map(inlined).join(', ');
  return doc.label + (doc.open === '[' ? `[${inner}]` : `${doc.open} ${inner} ${doc.close}`);
}

export type Painter = (text: string, kind: Kind) => string;

export function painter(color: boolean): Painter {
  const colors = paint(color);
  const byKind = { string: colors.green, number: colors.yellow, other: colors.cyan, note: colors.dim };
  return (text, kind) => byKind[kind](text);
}

/** Lays a value out in lines of at most `columns` where its parts allow it. `used` columns of the first line are taken. */
export function layout(doc: Doc, columns: number, indent: number, used: number, color: Painter): string {
  if ('text' in doc) return color(doc.text.replaceAll('\n', `\n${' '.repeat(indent)}`), doc.kind);
  if (doc.prefix !== undefined) return doc.prefix + layout(doc.value, columns, indent, used + widthOf(doc.prefix), color);
  if (doc.items.length === 0) return doc.label + doc.open + doc.close;
  const flat = inlined(doc);
  const space = doc.open === '[' ? '' : ' ';
  // Text with far more characters than columns is not measured: that is slow for non-ASCII text.
  if (flat.length <= columns * 4 && !flat.includes('\n') && widthOf(flat) + used <= columns) {
    const inner = doc.items.map((item) => layout(item, Number.POSITIVE_INFINITY, indent, 0, color)).join(', ');
    return doc.label + doc.open + space + inner + space + doc.close;
  }
  const margin = ' '.repeat(indent + 2);
  const lines = filled(doc.items, columns, indent + 2, color).map((line) => margin + line);
  return `${doc.label}${doc.open}\n${lines.join(',\n')}\n${' '.repeat(indent)}${doc.close}`;
}

function filled(items: readonly Doc[], columns: number, indent: number, color: Painter): string[] {
  const scalars = items.every((item) => 'text' in item && item.text.length <= 24);
  if (!scalars) return items.map((item) => layout(item, columns, indent, indent, color));
  const lines: string[] = [];
  let line = '';
  let width = indent;
  for (const item of items) {
    const itemWidth = widthOf(inlined(item));
    if (line && width + itemWidth + 3 > columns) {
      lines.push(line);
      line = '';
      width = indent;
    }
    line += (line ? ', ' : '') + layout(item, columns, indent, width, color);
    width += itemWidth + 2;
  }
  return [...lines, line];
}

/** A value on one line, cut to `columns`. */
export const oneLine = (doc: Doc, columns: number): string => cut(inlined(doc).replaceAll('\n', ' '), columns);
