// Edits to a text by positions of the original: collected in any order by several hands, applied in one pass.

interface Insertion {
  readonly at: number;
  readonly text: string;
  /** Far end of the wrapped range: nested wrappers at one position are ordered by it. */
  readonly reach: number;
  readonly order: number;
}

interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Move {
  readonly start: number;
  readonly end: number;
  readonly to: number;
}

/** A run of original text that survived: `length` characters from `source` stand at `output`. */
export interface Kept {
  readonly output: number;
  readonly source: number;
  readonly length: number;
}

/** An edited text, with the way back to the original's positions. */
export class EditedText {
  constructor(
    readonly code: string,
    readonly kept: readonly Kept[],
  ) {}

  /** The original offset of what stands at `output`; inserted text answers with the nearest original text before it. */
  sourceOffset(output: number): number {
    const run = lastAtMost(this.kept, output, (k) => k.output);
    return run ? run.source + Math.min(output - run.output, run.length) : 0;
  }
}

/** The last entry whose key is at most `limit`, in a list that rises by key. */
export function lastAtMost<T>(list: readonly T[], limit: number, key: (item: T) => number): T | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(list[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return list[low - 1];
}

/**
 * Insertions, replacements and moves of a text. At one position the order is: what sticks to the left (inner wrappers close
 * first), then what sticks to the right (outer wrappers open first), then the text or its replacement; among equals, the order of
 * the calls. What lies inside a replaced range goes with it.
 */
export class Edits {
  readonly #left: Insertion[] = [];
  readonly #right: Insertion[] = [];
  readonly #replacements: Replacement[] = [];
  readonly #moves: Move[] = [];
  #order = 0;

  /** Inserts at a position; the text belongs to what ends there, and goes with it when that is moved. */
  insertLeft(at: number, text: string): void {
    this.#left.push({ at, text, reach: at, order: this.#order++ });
  }

  /** Inserts at a position; the text belongs to what starts there, and goes with it when that is moved. */
  insertRight(at: number, text: string): void {
    this.#right.push({ at, text, reach: at, order: this.#order++ });
  }

  /** Puts text around a range. Wrappers nest by their ranges; of two around the same range the first call is the outer one. */
  wrap(start: number, end: number, before: string, after: string): void {
    const order = this.#order++;
    this.#right.push({ at: start, text: before, reach: end, order });
    this.#left.push({ at: end, text: after, reach: start, order: -order });
  }

  /** Replaces a range. The range is replaced once: of nested replacements the outer one counts. */
  replace(start: number, end: number, text: string): void {
    this.#replacements.push({ start, end, text });
  }

  remove(start: number, end: number): void {
    this.replace(start, end, '');
  }

  /** Moves a range, with the edits inside it, to another position; moves to one position keep the order of their calls. */
  move(start: number, end: number, to: number): void {
    this.#moves.push({ start, end, to });
  }

  /** The edited text of a range, the whole by default. */
  apply(text: string, from = 0, to = text.length): EditedText {
    // Closings: those that opened last close first. Openings: those that reach furthest open first.
    this.#left.sort((a, b) => a.at - b.at || b.reach - a.reach || a.order - b.order);
    this.#right.sort((a, b) => a.at - b.at || b.reach - a.reach || a.order - b.order);
    this.#replacements.sort((a, b) => a.start - b.start || b.end - a.end);
    const out = new Output(text);
    this.#write(out, from, to, undefined);
    return out.finish();
  }

  #write(out: Output, from: number, to: number, moving: Move | undefined): void {
    // In a moved range the left-sticking text at its start stays behind, and the right-sticking text at its end too.
    const left = this.#left.filter((i) => (moving ? i.at > from : i.at >= from) && i.at <= to);
    const right = this.#right.filter((i) => i.at >= from && (moving ? i.at < to : i.at <= to));
    const arrivals = this.#moves.filter((m) => m !== moving && m.to >= from && (m.to < to || (m.to === to && !moving)));
    const stops: (Replacement | Move)[] = this.#replacements.filter((r) => r.start >= from && r.end <= to);
    stops.push(...this.#moves.filter((m) => m !== moving && m.start >= from && m.end <= to));
    stops.sort((a, b) => a.start - b.start || b.end - a.end);
    const marks = new Set<number>();
    for (const i of left) marks.add(i.at);
    for (const i of right) marks.add(i.at);
    for (const m of arrivals) marks.add(m.to);
    for (const s of stops) marks.add(s.start);
    let position = from;
    let nextLeft = 0;
    let nextRight = 0;
    let nextStop = 0;
    for (const mark of [...marks].sort((a, b) => a - b)) {
      if (mark >= position) out.keep(position, mark);
      const hidden = mark < position;
      position = Math.max(position, mark);
      for (; nextLeft < left.length && left[nextLeft].at <= mark; nextLeft++) if (!hidden) out.add(left[nextLeft].text);
      for (const m of arrivals) if (m.to === mark) this.#write(out, m.start, m.end, m);
      const stop = nextStopAt(stops, nextStop, mark);
      nextStop = stop.next;
      const moved = !hidden && stop.found && 'to' in stop.found ? stop.found : undefined;
      for (; nextRight < right.length && right[nextRight].at <= mark; nextRight++)
        if (!hidden && !moved) out.add(right[nextRight].text);
      if (hidden || !stop.found) continue;
      if (!moved) out.add((stop.found as Replacement).text);
      position = stop.found.end;
      // What closes at the end of a moved range went with it.
      if (moved) while (nextLeft < left.length && left[nextLeft].at <= position) nextLeft++;
    }
    out.keep(position, to);
  }
}

function nextStopAt(stops: readonly (Replacement | Move)[], from: number, mark: number) {
  let found: Replacement | Move | undefined;
  let next = from;
  for (; next < stops.length && stops[next].start <= mark; next++) if (stops[next].start === mark) found ??= stops[next];
  return { found, next };
}

/** The text being written, with a record of what was kept. */
class Output {
  readonly #source: string;
  readonly #kept: Kept[] = [];
  readonly #pieces: string[] = [];
  #length = 0;

  constructor(source: string) {
    this.#source = source;
  }

  add(text: string): void {
    this.#pieces.push(text);
    this.#length += text.length;
  }

  keep(from: number, to: number): void {
    if (to <= from) return;
    this.#kept.push({ output: this.#length, source: from, length: to - from });
    this.add(this.#source.slice(from, to));
  }

  finish(): EditedText {
    return new EditedText(this.#pieces.join(''), this.#kept);
  }
}
