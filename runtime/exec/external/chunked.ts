// Rows one by one, as the chunks that compiled loops read.
import { pullChunk } from '../../base/limits';
import { sizeOfArray } from '../../storage/size-of';

/** `maxBytes` bounds what the rows of a chunk take, where single rows may be large. */
export function* chunked(rows: Iterable<unknown>, maxBytes = Number.POSITIVE_INFINITY): Generator<unknown[]> {
  let chunk: unknown[] = [];
  let bytes = 0;
  for (const row of rows) {
    chunk.push(row);
    if (maxBytes < Number.POSITIVE_INFINITY) bytes += sizeOfArray([row]);
    if (chunk.length < pullChunk && bytes < maxBytes) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}
