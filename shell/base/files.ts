// Looks at files that may not be there, in whatever way.
import { type Stats, statSync } from 'node:fs';

/** Undefined for what cannot be looked at: it is missing, lies below a file, behind a loop of links, or in a folder of somebody else. */
export function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
