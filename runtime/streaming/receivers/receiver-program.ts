// How the user's receiver reaches its process: captured in the session like a function, revived where it runs.

import { refuseArgument } from '../../base/arguments';
import { MillraceError } from '../../base/errors';
import { revive } from '../../closure';
import { installModules, loadModule, moduleBlob } from '../../closure/ship-modules';
import type { CapturedClosure } from '../../plan/payload';
import { type CaptureHost, ShippedFunction } from '../../rdd/function-argument';
import { decode, encode } from '../../wire/codec';
import type { Receiver } from './receiver-class';

interface ReceiverProgram {
  readonly closure: CapturedClosure;
  readonly bulk: readonly (readonly [id: string, value: unknown])[];
  readonly modules: Uint8Array | undefined;
}

/** Captures a receiver as it is now, as bytes. Throws UNSERIALIZABLE_CAPTURE if it holds something that cannot be shipped. */
export function shipReceiver(session: CaptureHost, receiver: Receiver<unknown>): Uint8Array {
  // Capturing a bound function captures the object that it is bound to; this one returns that object.
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

/** Revives the receiver in its process. */
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
