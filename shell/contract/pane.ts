// What a live pane shows, as plain data: made in the session, where the rows are; drawn by the terminal process, which knows its size.

export interface PaneRow {
  /** Already fit for the screen: nothing of a row is obeyed by a terminal. */
  readonly cells: readonly string[];
  /** What the row's bar shows. */
  readonly value?: number;
}

export interface PaneModel {
  readonly title: string;
  /** The time of the batch, such as `12:00:05`. */
  readonly time: string;
  /** How the stream does, the most telling first. */
  readonly facts: readonly string[];
  /** How far it is behind, when it is. */
  readonly late?: string;
  /** Elements of the last batches, the newest last; what the sparkline draws. */
  readonly trend: readonly number[];
  readonly rows: readonly PaneRow[];
  /** Columns of cells that are numbers. */
  readonly numeric: readonly boolean[];
  /** How many rows there are beyond these. */
  readonly left: number;
}
