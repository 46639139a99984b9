// Library functions of connectors: they call the user's `read` and `write` of a partition.

import { type ConnectorFailure, connectorFailureOf } from '../../base/declared/connector-failure';
import { asError, type ErrorCode, MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';

type Batches = Iterable<unknown> | AsyncIterable<unknown>;

const isIterable = (value: unknown): value is Batches =>
  typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

function refuse(operation: string, argument: string, value: unknown, rule: string): never {
  const remedy = 'Give rows in arrays, some at a time: async function* (part) { yield [row, row]; }';
  throw new MillraceError('BAD_ARGUMENT', { operation, argument, value: showElement(value), rule, remedy });
}

const codes: Readonly<Record<ConnectorFailure, ErrorCode>> = {
  unreachable: 'SOURCE_UNREACHABLE',
  refused: 'SOURCE_REFUSED',
  missing: 'SOURCE_MISSING',
  gone: 'DATA_GONE',
  tooLarge: 'RECORD_TOO_LARGE',
  failed: 'CONNECTOR_FAILED',
};

/**
 * What a connector threw, with its code where it said what to do; of a package that is missing what to install. Connectors load the clients of their servers when they are used, so
 * that nobody else needs them.
 */
export function clarifiedClient(operation: string, thrown: unknown): unknown {
  const told = connectorFailureOf(thrown);
  if (told) {
    const { message, cause } = asError(thrown);
    const details = { operation, reason: message, remedy: told.remedy };
    return new MillraceError(codes[told.kind] ?? 'CONNECTOR_FAILED', details, cause === undefined ? {} : { cause });
  }
  const { code, message } = (thrown ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return thrown;
  // A package and not a file of the user: `pg`, `@scope/name/part`.
  const [, name] = /^Cannot find (?:package|module) '((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[^']*)?'/.exec(String(message)) ?? [];
  return name === undefined ? thrown : new MillraceError('NO_CLIENT', { operation, package: name });
}

/** Each entry makes a function from its arguments. */
export const connectorFunctions = {
  readParts: (read: (part: unknown, asked: unknown) => unknown, operation: string) =>
    async function* (parts: Iterable<unknown>, _index: number, asked: unknown) {
      try {
        for (const part of parts) {
          const batches = await read(part, asked);
          if (!isIterable(batches)) refuse(operation, 'what read answers', batches, 'an iterable of arrays of rows');
          for await (const rows of batches) {
            if (!Array.isArray(rows)) refuse(operation, 'what read gives', rows, 'an array of rows');
            yield rows;
          }
        }
      } catch (e) {
        throw clarifiedClient(operation, e);
      }
    },
  lookUp: (read: (elements: Iterable<unknown>) => AsyncIterable<unknown>, operation: string) =>
    async function* (elements: Iterable<unknown>) {
      try {
        yield* read(elements);
      } catch (e) {
        throw clarifiedClient(operation, e);
      }
    },
  writePart:
    (write: (rows: unknown, task: unknown) => unknown, operation: string, job: object) =>
    async (rows: unknown, partition: number) => {
      try {
        return [await write(rows, { ...job, partition })];
      } catch (e) {
        throw clarifiedClient(operation, e);
      }
    },
};
