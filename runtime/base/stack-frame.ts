// Reads one line of an error's stack.
import type { Place } from './place';

/** A frame as the stack names it: the file may be a path, a `file:` URL or the name of a script. */
export interface StackFrame extends Place {
  readonly function?: string;
}

/** Longer lines are message text; these patterns are quadratic on them. */
const longestFrame = 2_000;

const withFunction = /^\s*at (?:async )?(.*?) \((.+):(\d+):(\d+)\)$/;
const withoutFunction = /^\s*at (?:async )?(.+):(\d+):(\d+)$/;

/** The frame on a line of a stack; undefined for other text. */
export function parseFrame(line: string): StackFrame | undefined {
  if (line.length > longestFrame) return undefined;
  const named = withFunction.exec(line);
  if (named) return { function: named[1], file: named[2], line: Number(named[3]), column: Number(named[4]) };
  const plain = withoutFunction.exec(line);
  return plain ? { file: plain[1], line: Number(plain[2]), column: Number(plain[3]) } : undefined;
}
