// Values so big that they are shipped apart from their closure, named by a hash of their content.
import { createHash } from 'node:crypto';

export interface Bulk {
  readonly id: string;
  readonly value: unknown;
  /** The value as the codec wrote it, if the capture was given one. */
  readonly bytes?: Uint8Array;
}

/** Whether a list holds nothing but primitives that any codec writes as they are. */
export function isPlainList(values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if ((typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol') return false;
  }
  return true;
}

export function bytesOfList(values: readonly unknown[]): number {
  let bytes = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    bytes += typeof value === 'string' ? value.length : 8;
  }
  return bytes;
}

export function bulkOf(value: unknown, encode: ((value: unknown) => Uint8Array) | undefined): Bulk {
  if (encode) {
    const bytes = encode(value);
    return { id: hashOf(bytes), value, bytes };
  }
  if (typeof value === 'string') return { id: hashOf(`string ${value}`), value };
  if (ArrayBuffer.isView(value)) {
    return { id: hashOf(value.constructor.name, new Uint8Array(value.buffer, value.byteOffset, value.byteLength)), value };
  }
  return { id: hashOfList(value as readonly unknown[]), value };
}

function hashOfList(values: readonly unknown[]): string {
  if (values.every((v) => typeof v === 'number')) {
    return hashOf('numbers', new Uint8Array(Float64Array.from(values as number[]).buffer));
  }
  const hash = createHash('sha256');
  for (const value of values) {
    const text = String(value);
    hash.update(`${typeof value} ${text.length} ${text}`);
  }
  return hash.digest('hex').slice(0, idLength);
}

const idLength = 32;

function hashOf(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, idLength);
}
