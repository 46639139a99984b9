// Instances of the user's classes as rows: what of them is encoded, and how they are rebuilt with their class.
import { MillraceError } from '../../base/errors';
import { type InstanceCodec, type Side, setInstanceCodec } from '../../wire/codec';
import { classByKey, classKeyOf, makeInstance, privatesOf } from './class-registry';

/** What makes up an instance: its own properties, those that are not enumerable, its #private values, whether it is frozen. */
interface State {
  readonly own: Record<string, unknown>;
  readonly hidden?: Record<string, unknown>;
  readonly privates?: readonly (readonly unknown[])[];
  readonly frozen?: true;
}

let noticed: (c: Function, key: string) => void = () => {};

/** Has each class told whose instances are sent, with its key: the session sees to it that executors know it. */
export function onClassSent(notice: (c: Function, key: string) => void): void {
  noticed = notice;
}

let areForeignRead = false;

/** From now on instances of classes of other sessions are read as plain objects: nothing that another session wrote is run for them. */
export function readForeignInstances(): void {
  areForeignRead = true;
}

/** Objects of these have a state of their own that no property shows. */
const exotic = [
  Map,
  Set,
  WeakMap,
  WeakSet,
  WeakRef,
  Date,
  RegExp,
  Promise,
  ArrayBuffer,
  Function,
  Number,
  String,
  Boolean,
] as const;

const isExotic = (value: object): boolean =>
  Array.isArray(value) || ArrayBuffer.isView(value) || exotic.some((kind) => value instanceof kind);

function stateOf(value: object): State {
  const own: Record<string, unknown> = Object.create(null);
  const hidden: Record<string, unknown> = Object.create(null);
  for (const [key, { value: held, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(value)))
    (enumerable ? own : hidden)[key] = held;
  return {
    own,
    ...(Object.keys(hidden).length > 0 ? { hidden } : {}),
    ...(privatesOf(value) ? { privates: privatesOf(value) } : {}),
    ...(Object.isFrozen(value) ? { frozen: true } : {}),
  };
}

function define(instance: object, properties: Readonly<Record<string, unknown>> | undefined, enumerable: boolean): void {
  for (const [key, value] of Object.entries(properties ?? {}))
    Object.defineProperty(instance, key, { value, enumerable, configurable: true, writable: true });
}

const codec: InstanceCodec = {
  take(value) {
    const key = classKeyOf(value);
    if (key === undefined || isExotic(value)) return undefined;
    noticed(value.constructor, key);
    return { key, state: stateOf(value) };
  },

  make(key, state, side: Side) {
    const c = classByKey(key, side);
    const { own, hidden, privates, frozen } = state as State;
    if (!c && !areForeignRead)
      throw new MillraceError('PROTOCOL', { reason: `an instance of the class ${key}, which is not known here` });
    if (!c && privates) throw new MillraceError('CLASS_OF_OTHERS');
    const instance = c ? makeInstance(c, privates) : {};
    define(instance, own, true);
    define(instance, hidden, false);
    return frozen ? Object.freeze(instance) : instance;
  },
};

setInstanceCodec(codec);
