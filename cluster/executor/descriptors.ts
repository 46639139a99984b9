// Whether the user's functions have left this process any file descriptors.
import fs from 'node:fs';
import { spareDescriptors } from '../base/limits';

/** True where a task could no longer open the few files that it needs: what leaked into this process stays until it ends. */
export function isOutOfDescriptors(): boolean {
  const held: number[] = [];
  try {
    while (held.length < spareDescriptors) held.push(fs.openSync('/dev/null', 'r'));
    return false;
  } catch (error) {
    // The limit of the whole machine (ENFILE) is nothing that another executor would not meet.
    return (error as NodeJS.ErrnoException).code === 'EMFILE';
  } finally {
    for (const descriptor of held) fs.closeSync(descriptor);
  }
}
