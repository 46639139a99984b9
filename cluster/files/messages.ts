// What a process asks the thread that fetches for it, and what that answers.
import { isErrorCode, MillraceError } from '../../runtime/base/errors';
import type { RemoteFile, RemotePart } from '../../runtime/base/remote/remote-files';

export type Question =
  | { readonly op: 'find'; readonly url: string; readonly heads: boolean }
  | { readonly op: 'read'; readonly file: RemoteFile; readonly position: number; readonly length: number }
  | { readonly op: 'copy'; readonly file: RemoteFile; readonly to: string }
  | { readonly op: 'begin'; readonly url: string }
  | { readonly op: 'piece'; readonly url: string; readonly upload: string; readonly number: number; readonly bytes: Uint8Array }
  | { readonly op: 'abandon'; readonly url: string; readonly upload: string }
  | { readonly op: 'hasFolder'; readonly url: string }
  | { readonly op: 'commit'; readonly url: string; readonly parts: readonly RemotePart[] }
  | { readonly op: 'abort'; readonly url: string };

/** The URL that a question is about. */
export const urlOf = (question: Question): string => ('file' in question ? question.file.url : question.url);

export interface Asking {
  readonly id: number;
  readonly question: Question;
}

export interface Answered {
  readonly id: number;
  readonly value?: unknown;
  /** What it failed with. */
  readonly failure?: { readonly code: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> };
}

/** An error as plain data. */
export function failureOf(thrown: unknown): NonNullable<Answered['failure']> {
  const { message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (thrown instanceof MillraceError) return { code: thrown.code, message, details: { ...thrown.details } };
  return { code: 'INTERNAL', message, details: { reason: stack ?? message } };
}

/** The error again, as who asked meets it. */
export const errorOf = ({ code, message, details }: NonNullable<Answered['failure']>): MillraceError =>
  new MillraceError(isErrorCode(code) ? code : 'INTERNAL', isErrorCode(code) ? details : { reason: message });
