// A receiver of the user's on its way to its process: captured in the session as a function is, revived where it runs.

import { refuseArgument } from '../../base/arguments';
import { MillraceError } from '../../base/errors';
import { revive } from '../../closure';
import { installModules, loadModule, moduleBlob } from '../../closure/modules';
import type { CapturedClosure } from '../../plan/payload';
import { type CaptureHost, ShippedFunction } from '../../rdd/function-argument';
import { decode, encode } from '../../wire/codec';
import type { Receiver } from './receiver';

interface ReceiverProgram {
  readonly closure: CapturedClosure;
  readonly bulk: readonly (readonly [id: string, value: unknown])[];
  readonly modules: Uint8Array | undefined;
}

/** The bytes of a receiver as it is now. Throws UNSERIALIZABLE_CAPTURE for one that holds what cannot travel. */
export function shipReceiver(session: CaptureHost, receiver: Receiver<unknown>): Uint8Array {
  // A bound function is captured with what it is bound to, and this one answers just that.
  const hold = Object.prototype.valueOf.bind(receiver);
  const { closure, bulk, modules, references } = ShippedFunction.of(session, hold, 'receiverStream').capture;
  if (references.length > 0)
    refuseArgument({
      operation: 'receiverStream',
      argument: 'the receiver',
      value: `one that uses a ${references[0].kind}`,
      rule: 'made of plain values, functions and classes',
      remedy: "Give it the value itself; accumulators are the tasks' own.",
    });
  const program: ReceiverProgram = {
    closure,
    bulk: bulk.map(({ id, value }) => [id, value]),
    modules: modules.length > 0 ? moduleBlob().bytes : undefined,
  };
  return encode(program);
}

/** The receiver again, in the process where it runs. */
export function reviveReceiver(bytes: Uint8Array): Receiver<unknown> {
  const { closure, bulk, modules } = decode(bytes, 'executor') as ReceiverProgram;
  if (modules) installModules(modules);
  const values = new Map(bulk);
  const hold = revive(closure, {
    bulk: (id) => values.get(id),
    loadModule,
    reference: ({ kind }) => {
      throw new MillraceError('INTERNAL', { reason: `a receiver brought a ${kind}` });
    },
  });
  return hold() as Receiver<unknown>;
}
