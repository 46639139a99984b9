// What a writer of a table is: rows go in, the bytes of a file come out.

/** Takes the bytes of a file, in their order. */
export type WriteBytes = (bytes: Uint8Array) => void;

export interface TableWriter {
  add(row: unknown): void;
  /** The last bytes. */
  end(): void;
}
