// Reads a peer's message field by field and refuses wrong, missing and unknown fields by name.
import { MillraceError } from '../../runtime/base/errors';

/** Throws PROTOCOL: a peer sent something wrong. */
export function refuse(reason: string): never {
  throw new MillraceError('PROTOCOL', { reason });
}

/** The fields of a received object. Each is read once; `end` refuses unread fields. */
export class Fields {
  readonly #what: string;
  readonly #values: Map<string, unknown>;

  constructor(what: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} is not an object`);
    this.#what = what;
    this.#values = new Map(Object.entries(value));
  }

  has(name: string): boolean {
    return this.#values.get(name) !== undefined;
  }

  take(name: string): unknown {
    const value = this.#values.get(name);
    this.#values.delete(name);
    return value;
  }

  string(name: string, maxLength: number): string {
    const value = this.take(name);
    if (typeof value !== 'string' || value.length > maxLength) this.#refuse(name, `a text of at most ${maxLength} characters`);
    return value;
  }

  /** A whole number from 0 to `most`. */
  integer(name: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.take(name);
    if (!isCount(value, most)) this.#refuse(name, `a whole number from 0 to ${most}`);
    return value;
  }

  /** A whole number, or -1 for none. */
  position(name: string): number {
    const value = this.take(name);
    if (value === -1 || isCount(value, Number.MAX_SAFE_INTEGER)) return value;
    return this.#refuse(name, 'a whole number or -1');
  }

  /** An optional flag, which can only be true. */
  yes(name: string): true {
    const value = this.take(name);
    return value === true ? value : this.#refuse(name, 'true');
  }

  /** A finite number, not negative. */
  amount(name: string): number {
    const value = this.take(name);
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) this.#refuse(name, 'a finite number, not negative');
    return value;
  }

  list<T>(name: string, maxLength: number, read: (value: unknown, what: string) => T): T[] {
    const value = this.take(name);
    if (!Array.isArray(value) || value.length > maxLength) this.#refuse(name, `a list of at most ${maxLength}`);
    // An array with holes has nothing there, which is refused like anything else that is wrong.
    return Array.from(value, (item, i) => read(item, `${this.#what}.${name}[${i}]`));
  }

  object(name: string): Fields {
    return new Fields(`${this.#what}.${name}`, this.take(name));
  }

  /** Refuses all fields that have not been read. */
  end(): void {
    for (const [name, value] of this.#values) {
      if (value !== undefined) refuse(`${this.#what} has an unknown field ${name.slice(0, 40)}`);
    }
  }

  #refuse(name: string, wanted: string): never {
    refuse(`${this.#what}.${name} is not ${wanted}`);
  }
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

export function textItem(maxLength: number): (value: unknown, what: string) => string {
  return (value, what) => {
    if (typeof value !== 'string' || value.length > maxLength) refuse(`${what} is not a text of at most ${maxLength} characters`);
    return value;
  };
}

export function countItem(value: unknown, what: string): number {
  if (!isCount(value, Number.MAX_SAFE_INTEGER)) refuse(`${what} is not a whole number`);
  return value;
}

/** A field that is true or false. */
export function readBoolean(fields: Fields, name: string): boolean {
  const value = fields.take(name);
  return typeof value === 'boolean' ? value : refuse(`${name} is not true or false`);
}
