// The client of Kafka, an optional package: its connections, requests and codecs are used, its consumers and producers are not.
import { findPackage, loadPackage } from '../optional-package';

/** A connection of the client. */
export interface Connection {
  connect(host: string, port: number): Promise<void>;
  close(): Promise<void>;
  readonly socket: { ref(): void; unref(): void } | undefined;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  send(
    key: number,
    version: number,
    payload: () => unknown,
    parse: (id: number, key: number, version: number, reader: Reader) => unknown,
    hasRequestTags: boolean,
    hasResponseTags: boolean,
    done: (error: Error | null, answer: unknown) => void,
  ): void;
}

/** Reads an answer of a broker. */
export interface Reader {
  readonly buffer: { slice(from: number, to: number): Buffer };
  readonly position: number;
  skip(bytes: number): void;
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readUUID(): string;
  readUnsignedVarInt(): number;
  readArray<T>(item: (reader: Reader) => T): T[];
}

/** Writes a request. */
export interface Writer {
  appendInt16(value: number): Writer;
  appendInt32(value: number): Writer;
  appendString(value: string | null): Writer;
  appendUnsignedVarInt(value: number): Writer;
  append(bytes: Uint8Array): Writer;
  appendArray<T>(values: readonly T[], item: (writer: Writer, value: T) => void): Writer;
  appendTaggedFields(): Writer;
}

/** A request of the protocol. */
export interface Api {
  readonly createRequest: (...args: never[]) => unknown;
  readonly parseResponse: (id: number, key: number, version: number, reader: Reader) => unknown;
  readonly api: { readonly key: number; readonly version: number };
}

/** What is used of the package. */
export interface Client {
  readonly Connection: new (id: string, options: object) => Connection;
  readonly Writer: { create(): Writer };
  readonly compressionsAlgorithms: Record<
    'lz4',
    { compressSync(data: Uint8Array): Buffer; decompressSync(data: Uint8Array): Buffer }
  >;
  readonly protocolErrorsCodesById: Readonly<Record<number, string>>;
  readonly crc32c: (bytes: Uint8Array) => number;
  readonly metadataV12: Api;
  readonly fetchV13: Api;
  readonly listOffsetsV7: Api;
  readonly offsetCommitV8: Api;
  readonly offsetFetchV8: Api;
  readonly findCoordinatorV4: Api;
  readonly initProducerIdV4: Api;
  readonly addPartitionsToTxnV3: Api;
  readonly addOffsetsToTxnV3: Api;
  readonly txnOffsetCommitV3: Api;
  readonly produceV9: Api;
  readonly endTxnV3: Api;
}

const name = '@platformatic/kafka';

/** Its path. Throws MODULE_NOT_FOUND, which names the package. */
export const findClient = (): string => findPackage(name);

/** The package, loaded once a process. */
export const loadClient = (path: string | undefined): Client => loadPackage<Client>(name, path);
