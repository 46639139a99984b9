// The user's code of a job that reads published datasets: that of its session, and that of their publishers.
import { hash } from 'node:crypto';
import { MillraceError } from '../../runtime/base/errors';
import type { JobCode } from '../../runtime/plan/job';
import { decode, encode } from '../../runtime/wire/codec';
import type { BlobOwner, ServerBlobs } from './server-blobs';

/** Code with the name of the published dataset that it belongs to. */
interface NamedCode {
  readonly name: string;
  readonly code: JobCode;
}

/** One code for a job. Throws MODULES_DIFFER where a module is not the same for all. */
export function joinedCode(own: JobCode, others: readonly NamedCode[], blobs: ServerBlobs, owner: BlobOwner): JobCode {
  const classes = new Set([...others.flatMap(({ code }) => code.classes), ...own.classes]);
  const foreign = others.filter(({ code }) => code.modules !== own.modules);
  if (foreign.length === 0) return { modules: own.modules, classes: [...classes] };
  const texts = new Map(modulesIn(blobs, own.modules));
  for (const { name, code } of foreign) {
    for (const [module, text] of modulesIn(blobs, code.modules)) {
      if ((texts.get(module) ?? text) !== text) throw new MillraceError('MODULES_DIFFER', { name, module });
      texts.set(module, text);
    }
  }
  const bytes = encode([...texts]);
  const modules = `modules-${hash('sha1', bytes)}`;
  blobs.put(owner, modules, bytes);
  return { modules, classes: [...classes] };
}

const modulesIn = (blobs: ServerBlobs, id: string): [string, string][] => decode(blobs.blob(id)) as [string, string][];
