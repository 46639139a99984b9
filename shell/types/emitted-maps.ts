// Source maps of emitted entries: from the text that TypeScript checked back to the text as typed.
import { decodedMappings, encodedMappings, type SourceMapSegment, TraceMap } from '@jridgewell/trace-mapping';
import type { Layout } from './text-layout';

/** What TypeScript emits of a module. */
export interface EmittedModule {
  readonly js: string;
  readonly map: string;
  /** Left out if they would have an error, as for an unexported class with private members. */
  readonly declarations?: string;
}

/** A part of an emitted text, with the segments of its lines, whose places are those of the composed text. */
export interface EmittedPart {
  readonly js: string;
  readonly lines: readonly (readonly SourceMapSegment[])[];
}

export const lineStarts = (text: string): number[] => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
};

/** Rewrites the map of a composed text to positions of the text as typed. Insertions hold no newlines, so lines stay. */
export function mapToTyped(map: string, layout: Layout, label: string): string {
  const composedStarts = lineStarts(layout.composed());
  const typedStarts = lineStarts(layout.text);
  const bodyLength = layout.bodyLength();
  return rewritten(decodedMappings(new TraceMap(map)), label, (line, column) => {
    const position = composedStarts[line] + column;
    return position > bodyLength ? undefined : [line, layout.toOriginal(position) - typedStarts[line]];
  });
}

type Place = readonly [line: number, column: number];

/** A map whose places are those that `typed` answers; where it answers none, there is no segment. */
export function rewritten(
  lines: readonly (readonly SourceMapSegment[])[],
  label: string,
  typed: (line: number, column: number) => Place | undefined,
): string {
  const mappings = lines.map((line) =>
    line.flatMap((segment): SourceMapSegment[] => {
      const place = segment.length === 1 ? undefined : typed(segment[2], segment[3]);
      return place ? [[segment[0], 0, ...place]] : [];
    }),
  );
  const made = new TraceMap({ version: 3, names: [], sources: [label], mappings });
  return JSON.stringify({ version: 3, names: [], sources: [label], mappings: encodedMappings(made) });
}

/** Cuts an emitted text at statements that it contains in this order: what stands before the first, and what follows each. */
export function cutAtMarks({ js, map }: EmittedModule, marks: readonly string[]): { before: string; parts: EmittedPart[] } {
  const starts = lineStarts(js);
  const lines = decodedMappings(new TraceMap(map));
  let from = 0;
  let line = 0;
  const found = marks.map((mark) => {
    from = js.indexOf(mark, from);
    while (starts[line + 1] <= from) line++;
    return { start: from, line, column: from - starts[line], end: from + mark.length };
  });
  const parts = found.slice(1).map((next, index) => {
    const { end, line: own } = found[index];
    // What follows a mark begins on the next line.
    const text = js.slice(starts[own + 1] ?? end, next.start);
    const segments = lines.slice(own + 1, next.line + 1);
    const last = segments.length - 1;
    if (last >= 0) segments[last] = segments[last].filter(([column]) => column < next.column);
    return { js: text, lines: segments };
  });
  return { before: js.slice(0, found[0].start), parts };
}

/** All of an emitted text. */
export const wholeOf = ({ js, map }: EmittedModule): EmittedPart => ({
  js: withoutMapComment(js),
  lines: decodedMappings(new TraceMap(map)),
});

/** Gives a variable that a part declares once another name. */
export function renamed({ js, lines }: EmittedPart, from: string, to: string): EmittedPart {
  const at = js.indexOf(from);
  if (at < 0) return { js, lines };
  const before = js.slice(0, at);
  const line = before.split('\n').length - 1;
  const column = at - (before.lastIndexOf('\n') + 1);
  const shift = to.length - from.length;
  const shifted = lines[line].map((segment): SourceMapSegment => {
    const moved = [...segment] as SourceMapSegment;
    if (moved[0] > column) moved[0] += shift;
    return moved;
  });
  return { js: before + to + js.slice(at + from.length), lines: lines.map((own, index) => (index === line ? shifted : own)) };
}

/** The emitted text without its source-map comment. */
export function withoutMapComment(js: string): string {
  return js.replace(/\/\/# sourceMappingURL=[^\n]*\s*$/, '');
}
