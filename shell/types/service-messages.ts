// Messages between the shell and its type service: one JSON text per line, over stdin and stdout.
import type { Readable } from 'node:stream';
import type { AskedFact } from '../contract/facts';
import type { TypeService } from '../contract/type-service';
import type { PromptName } from './entry-names';

/** What a service must know before it can answer. A snapshot contains all of it but the folder. */
export interface StartOptions {
  readonly cwd: string;
  readonly libFolder: string;
  readonly typeRoot: string;
  readonly api?: string;
  readonly promptNames: readonly PromptName[];
  /** False leaves the compiler cold: a script needs it once. */
  readonly warms?: boolean;
  /** Somebody answers what the service asks of queries. */
  readonly asks?: boolean;
}

/** The methods on the wire: those of the service, two with which a replacement process takes over, and one that tells what was asked. */
export type Method = Exclude<keyof TypeService, 'stop' | 'ready' | 'interrupt'> | 'start' | 'restore' | 'learn';

export interface Request {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** With `wanted`, the request is to be made again once these are told. */
export type Reply =
  | { readonly id: number; readonly value: unknown; readonly wanted?: readonly AskedFact[] }
  | { readonly id: number; readonly error: string };

/** Calls `handle` with each message of a stream. */
export function readMessages(stream: Readable, handle: (message: unknown) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) handle(JSON.parse(line));
  });
}

export function writeMessage(message: Request | Reply): string {
  return `${JSON.stringify(message)}\n`;
}
