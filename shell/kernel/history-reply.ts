// What a front end gets of the history: the last entries, those of a range of this kernel's cells, or those that fit a pattern.

export interface HistoryRequest {
  readonly hist_access_type?: unknown;
  readonly output?: unknown;
  readonly n?: unknown;
  readonly start?: unknown;
  readonly stop?: unknown;
  readonly session?: unknown;
  readonly pattern?: unknown;
  readonly unique?: unknown;
}

/** Session, number, and the entry; where outputs are wanted, a pair of the entry and no output. */
type Item = readonly [number, number, string | readonly [string, null]];

const mostItems = 10_000;

const count = (value: unknown, otherwise: number): number => (Number.isInteger(value) ? Number(value) : otherwise);

/** @param earlier entries of other sessions, oldest first @param own the cells of this kernel */
export function historyOf(request: HistoryRequest, earlier: readonly string[], own: readonly string[]): readonly Item[] {
  const item = (session: number, number: number, entry: string): Item => [
    session,
    number,
    request.output === true ? [entry, null] : entry,
  ];
  if (request.hist_access_type === 'range') {
    // Only the cells of this kernel are numbered; it is session 0, as seen from itself.
    if (count(request.session, 0) !== 0) return [];
    const start = count(request.start, 1);
    const stop = count(request.stop, own.length + 1);
    return own.flatMap((entry, i) => (i + 1 >= start && i + 1 < stop ? [item(0, i + 1, entry)] : []));
  }
  const entries = [...earlier, ...own];
  const all = entries.map((entry, i) => item(0, i + 1, entry));
  const most = Math.min(count(request.n, mostItems), mostItems);
  if (request.hist_access_type !== 'search') return most > 0 ? all.slice(-most) : [];
  const fits = globbed(typeof request.pattern === 'string' ? request.pattern : '*');
  const found = entries.flatMap((entry, i) => (fits(entry) ? [{ entry, i }] : []));
  const last = new Map(found.map(({ entry, i }) => [entry, i]));
  const shown = request.unique === true ? found.filter(({ entry, i }) => last.get(entry) === i) : found;
  return most > 0 ? shown.slice(-most).map(({ entry, i }) => item(0, i + 1, entry)) : [];
}

/** `*` stands for any text, `?` for one character. Takes at most the product of both lengths. */
function globbed(pattern: string): (text: string) => boolean {
  return (text) => {
    let [at, from, star, marked] = [0, 0, -1, 0];
    while (at < text.length) {
      if (from < pattern.length && pattern[from] === '*') {
        star = from++;
        marked = at;
      } else if (from < pattern.length && (pattern[from] === '?' || pattern[from] === text[at])) {
        from++;
        at++;
      } else if (star >= 0) {
        from = star + 1;
        at = ++marked;
      } else return false;
    }
    while (pattern[from] === '*') from++;
    return from === pattern.length;
  };
}
