// Looks at files that may not be there, in whatever way.
import { type Stats, statSync } from 'node:fs';

/** What `read` gives; undefined where the system refuses: it is missing, lies below a file, behind a loop of links, or is somebody else's. */
export function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export const statOf = (file: string): Stats | undefined => unlessUnreadable(() => statSync(file, { throwIfNoEntry: false }));
