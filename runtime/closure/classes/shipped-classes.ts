// The classes that the session sent to an executor, so that rows that are their instances can be read.

import type { CapturedClosure } from '../../plan/payload';
import { decode } from '../../wire/codec';
import { type ReviveEnvironment, revive } from '../revive/revive';
import { installModules } from '../ship-modules';

export interface ClassShipment {
  readonly classes: readonly CapturedClosure[];
  /** The blob with the text of the user's modules, where classes come from some. */
  readonly modules?: string;
}

export const isClassBlob = (id: string): boolean => id.startsWith('classes-');

/** Makes the classes of a shipment known: reviving a class registers it under its key. */
export function installClasses(bytes: Uint8Array, blob: (id: string) => Uint8Array, environment: ReviveEnvironment): void {
  const { classes, modules } = decode(bytes) as ClassShipment;
  if (modules) installModules(blob(modules));
  for (const closure of classes) revive(closure, environment);
}
