// What a live pane shows, as plain data: the session process makes it from the rows, the terminal process draws it for its size.

export interface PaneRow {
  /** Escaped for the screen: no control character is left. */
  readonly cells: readonly string[];
  /** The length of the row's bar. */
  readonly value?: number;
}

export interface PaneModel {
  readonly title: string;
  /** The time of the batch, such as `12:00:05`. */
  readonly time: string;
  /** How well the stream keeps up, the most telling fact first. */
  readonly facts: readonly string[];
  /** How far it is behind, if it is. */
  readonly late?: string;
  /** Elements of the last batches, the newest last, for the sparkline. */
  readonly trend: readonly number[];
  /** The names of the columns, if they have any. */
  readonly headings?: readonly string[];
  readonly rows: readonly PaneRow[];
  /** Columns of cells that are numbers. */
  readonly numeric: readonly boolean[];
  /** How many more rows there are. */
  readonly left: number;
}
