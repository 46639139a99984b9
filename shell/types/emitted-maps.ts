// Source maps of emitted entries: from the text that TypeScript checked back to the text as typed.
import { decodedMappings, encodedMappings, type SourceMapSegment, TraceMap } from '@jridgewell/trace-mapping';
import type { Layout } from './text-layout';

const lineStarts = (text: string): number[] => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
};

/** Rewrites the map of a composed text to positions of the text as typed. Insertions hold no newlines, so lines stay. */
export function mapToTyped(map: string, layout: Layout, label: string): string {
  const composedStarts = lineStarts(layout.composed());
  const typedStarts = lineStarts(layout.text);
  const bodyLength = layout.bodyLength();
  const typed = (segment: SourceMapSegment): SourceMapSegment[] => {
    if (segment.length === 1) return [];
    const position = composedStarts[segment[2]] + segment[3];
    if (position > bodyLength) return [];
    return [[segment[0], 0, segment[2], layout.toOriginal(position) - typedStarts[segment[2]]]];
  };
  const mappings = decodedMappings(new TraceMap(map)).map((line) => line.flatMap(typed));
  const rewritten = new TraceMap({ version: 3, names: [], sources: [label], mappings });
  return JSON.stringify({ version: 3, names: [], sources: [label], mappings: encodedMappings(rewritten) });
}

/** The emitted text without its source-map comment. */
export function withoutMapComment(js: string): string {
  return js.replace(/\/\/# sourceMappingURL=[^\n]*\s*$/, '');
}
