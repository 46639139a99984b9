// The classes of the session that rows may be instances of: sent to executors, for a row can reach one whose closures never saw its class.
import { createHash } from 'node:crypto';
import { shippedClasses } from '../../base/limits';
import type { CapturedClosure } from '../../plan/payload';
import { encode } from '../../wire/codec';
import { capture, classByKey } from '..';
import { onClassSent } from './instances';
import type { ClassShipment } from './shipped-classes';

interface Captured {
  readonly closure: CapturedClosure;
  readonly modules: readonly string[];
  readonly broadcasts: readonly string[];
}

/** By class, in the order in which they were met. */
const captured = new Map<Function, Captured>();
let blob: { id: string; bytes: Uint8Array; needs: readonly string[] } | undefined;

/** Notes a class of the session; the ones that executors made of it are none. */
function note(c: Function, key: string): void {
  if (captured.has(c) || classByKey(key, 'session') !== c) return;
  const { closure, modules, references } = capture(c, { operation: 'a row', autoBroadcastBytes: Number.POSITIVE_INFINITY });
  const broadcasts = references.flatMap(({ kind, id }) => (kind === 'broadcast' ? [id] : []));
  captured.set(c, { closure, modules, broadcasts });
  if (captured.size > shippedClasses) captured.delete(captured.keys().next().value!);
  blob = undefined;
}

/** Notes the classes that a closure brings along: the rows that it makes may be their instances. */
export function noteClassesOf(closure: CapturedClosure): void {
  for (const node of closure.nodes) {
    const key = node.t === 'class' ? node.key : node.t === 'module' ? `module:${node.path}#${node.member ?? ''}` : undefined;
    const c = key === undefined ? undefined : classByKey(key, 'session');
    if (c && key && isClass(c)) note(c, key);
  }
}

const isClass = (f: Function): boolean => typeof f.prototype === 'object' && /^class\b/.test(Function.prototype.toString.call(f));

/** All noted classes as one blob with the blobs that it needs; undefined where there are none. `modules` is the blob of the modules. */
export function classBlob(modules: () => string): typeof blob {
  if (captured.size === 0) return undefined;
  const all = [...captured.values()];
  // The text of modules may have changed although no class did.
  const moduleBlob = all.some((c) => c.modules.length > 0) ? modules() : undefined;
  if (blob?.needs[0] === (moduleBlob ?? blob?.needs[0]) && blob) return blob;
  const shipment: ClassShipment = { classes: all.map((c) => c.closure), modules: moduleBlob };
  const bytes = encode(shipment);
  const id = `classes-${createHash('sha1').update(bytes).digest('hex')}`;
  blob = { id, bytes, needs: [...(moduleBlob ? [moduleBlob] : []), ...new Set(all.flatMap((c) => c.broadcasts))] };
  return blob;
}

/** Has the classes of rows noted from now on. */
export function noteClassesOfRows(): void {
  onClassSent(note);
}
