// Finds the values in a JSON text that is no lines: the elements of one array, or values one behind the other.
import { maxLineBytes, textChunkBytes } from '../../base/limits';
import type { InputFile } from '../../plan/input-file';
import { markBytes, openSource } from '../byte-source';
import type { NumberedLine } from '../read-lines';
import { notATable } from '../table-errors';

const code = (text: string) => text.charCodeAt(0);
const [quote, backslash, open, close, openList, closeList, comma] = ['"', '\\', '{', '}', '[', ']', ','].map(code);

const isSpace = (byte: number) => byte === 32 || byte === 10 || byte === 13 || byte === 9;

/**
 * The values of a text: of one array its elements, else what stands one behind the other. Throws UNREADABLE_TABLE where the text ends within one.
 */
export function* jsonValues(file: InputFile): Generator<NumberedLine> {
  const fail = (reason: string): never =>
    notATable(file.path, 'JSON', reason, 'Correct the file: a tool such as jq names the place.');
  const source = openSource(file, 0);
  try {
    let buffer = Buffer.allocUnsafe(textChunkBytes);
    let held = source.fill(buffer, 0);
    let at = markBytes(buffer.subarray(0, held));
    let line = 1;
    let isArray = false;
    let isFirst = true;
    let isDone = false;
    let wantsComma = false;
    /** Reads on; what stands before `from` is given up. Answers whether there was more. */
    const more = (from: number): boolean => {
      const kept = held - from;
      if (kept >= maxLineBytes) fail(`a value from line ${line} on is longer than ${maxLineBytes >> 20} MiB`);
      const next = kept * 2 > buffer.length ? Buffer.allocUnsafe(buffer.length * 2) : buffer;
      buffer.copy(next, 0, from, held);
      buffer = next;
      const n = source.fill(buffer, kept);
      held = kept + n;
      at -= from;
      return n > 0;
    };
    for (;;) {
      while (at < held && isSpace(buffer[at])) if (buffer[at++] === 10) line++;
      if (at >= held) {
        if (more(at)) continue;
        if (isArray && !isDone) fail('its array is never closed');
        source.check();
        return;
      }
      if ((isFirst || isDone) && buffer[at] === openList) {
        isArray = true;
        isFirst = false;
        isDone = false;
        wantsComma = false;
        at++;
        continue;
      }
      isFirst = false;
      if (isDone) fail(`something stands behind its array, on line ${line}`);
      if (isArray && buffer[at] === closeList) {
        isDone = true;
        at++;
        continue;
      }
      if (isArray && wantsComma) {
        if (buffer[at] !== comma) fail(`a comma is missing on line ${line}`);
        wantsComma = false;
        at++;
        continue;
      }
      // One value: to the bracket that closes it, or to what separates it from the next.
      let depth = 0;
      let inText = false;
      let p = at;
      for (;;) {
        if (p >= held) {
          const from = at;
          const isMore = more(from);
          p -= from;
          if (isMore) continue;
          if (depth > 0 || inText) fail(`a value from line ${line} on is never closed`);
          break;
        }
        const byte = buffer[p];
        if (inText) {
          if (byte === backslash) p++;
          else if (byte === quote) {
            inText = false;
            if (depth === 0) {
              p++;
              break;
            }
          }
        } else if (byte === quote) inText = true;
        else if (byte === open || byte === openList) depth++;
        else if (byte === close || byte === closeList) {
          if (depth === 0) break;
          if (--depth === 0) {
            p++;
            break;
          }
        } else if (depth === 0 && (byte === comma || isSpace(byte))) break;
        p++;
      }
      if (p === at) fail(`a value is missing on line ${line}`);
      const text = buffer.toString('utf8', at, Math.min(p, held));
      const begun = line;
      yield { text, line: () => begun };
      for (let i = at; i < p; i++) if (buffer[i] === 10) line++;
      at = p;
      wantsComma = true;
    }
  } finally {
    source.close();
  }
}
