// What the own properties of a captured object are like: their attributes, holes, and whether there can be more of them.
import type { Fixed } from '../../plan/payload';

/** The attributes of a property as bits: enumerable, writable, configurable, accessor. */
export function flagsOf(d: PropertyDescriptor): number {
  return (d.enumerable ? 1 : 0) | (d.writable ? 2 : 0) | (d.configurable ? 4 : 0) | (d.get || d.set ? 8 : 0);
}

/** How an object is closed to new properties, if it is. */
export function fixedOf(value: object): Fixed | undefined {
  if (Object.isExtensible(value)) return undefined;
  if (Object.isFrozen(value)) return 2;
  return Object.isSealed(value) ? 1 : 3;
}

/** Arrays so long that listing their keys would cost more than copying them; their extra properties, if any, are not shipped. */
const longArray = 10_000;

/** Whether an array has holes or properties beside its elements. */
export function hasMore(value: unknown[]): boolean {
  if (value.length <= longArray) return Reflect.ownKeys(value).length !== value.length + 1;
  for (let i = 0; i < value.length; i++) if (value[i] === undefined && !(i in value)) return true;
  return false;
}
