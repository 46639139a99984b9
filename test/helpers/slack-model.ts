// The naive twin of slack: it computes the interval of each record, compares it with the batch in which the record arrived, and adds up totals from scratch.
export interface Timed {
  readonly id: number;
  readonly at: number;
  readonly key: unknown;
  readonly value: number;
}

export interface SlackSizes {
  readonly zero: number;
  readonly slide: number;
  readonly slack: number;
  readonly keep: number;
}

/** By the time of each batch: what is expected of it; records by their numbers. */
export interface SlackModel {
  readonly closed: number[][];
  readonly late: [end: number, id: number][][];
  readonly totals: [[end: number, key: unknown], number][][];
  readonly dropped: number;
  /** Numbers of records whose interval no batch has closed. */
  readonly open: number[];
}

type Judged = Timed & { readonly arrival: number; readonly end: number; readonly fate: 'in time' | 'corrects' | 'dropped' };

/** `batches[i]` came in the batch of zero + (i + 1) · slide. */
export function slackModel(batches: readonly (readonly Timed[])[], sizes: SlackSizes): SlackModel {
  const { zero, slide, slack } = sizes;
  const records = batches.flatMap((batch, i) => batch.map((record) => judged(record, zero + (i + 1) * slide, sizes)));
  const times = batches.map((_, i) => zero + (i + 1) * slide);
  const inTime = records.filter(({ fate }) => fate === 'in time');
  const missed = records.filter(({ fate }) => fate !== 'in time');
  return {
    closed: times.map((time) => inTime.filter(({ end }) => end + slack === time).map(({ id }) => id)),
    late: times.map((time) => missed.filter(({ arrival }) => arrival === time).map(({ end, id }) => [end, id])),
    totals: times.map((time) => totalsAt(records, time, slack)),
    dropped: records.filter(({ fate }) => fate === 'dropped').length,
    open: inTime.filter(({ end }) => end + slack > times[times.length - 1]).map(({ id }) => id),
  };
}

function judged(record: Timed, arrival: number, { zero, slide, slack, keep }: SlackSizes): Judged {
  let end = zero;
  while (end < record.at) end += slide;
  while (end - slide >= record.at) end -= slide;
  const isInTime = arrival <= end + slack && arrival >= end - slack;
  const corrects = arrival > end + slack && arrival <= end + slack + keep;
  return { ...record, arrival, end, fate: isInTime ? 'in time' : corrects ? 'corrects' : 'dropped' };
}

/** The totals that the batch of `time` changes. */
function totalsAt(records: readonly Judged[], time: number, slack: number): [[number, unknown], number][] {
  const counts = ({ fate, end, arrival }: Judged) =>
    fate === 'in time' ? end + slack : fate === 'corrects' ? arrival : undefined;
  const changed = new Map<string, [number, unknown]>();
  for (const record of records) if (counts(record) === time) changed.set(nameOf(record), [record.end, record.key]);
  return [...changed].map(([name, pair]) => {
    const known = records.filter((record) => nameOf(record) === name && (counts(record) ?? Number.POSITIVE_INFINITY) <= time);
    return [pair, known.reduce((sum, { value }) => sum + value, 0)];
  });
}

const nameOf = ({ end, key }: Judged) => `${end} ${typeof key} ${String(key)}`;
