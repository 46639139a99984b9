// Whether Enter submits an entry, or goes on with its next line.
import { later } from '../base/later';
import type { TypeService } from '../contract/type-service';
import { isForced } from '../editor/editor';
import { isUnfinished } from '../editor/unfinished';
import { commandOf } from '../repl/commands/commands';
import { dottedWord } from '../repl/entry-kind';
import type { Repl } from '../repl/repl';
import { isWholeSql } from '../repl/sql-text';
import { entriesOf, isRecall } from '../repl/submitted';
import { wordHint } from '../repl/word-hints';

/** Keys wait while the type service decides whether an entry is whole; a service that is still starting must not block them for long. */
const completeLimitMs = 500;

/** What decides; types and the reader of entries come up behind the first prompt. */
interface Deciders {
  readonly isSql: (text: string) => boolean;
  readonly types: TypeService | undefined;
  readonly repl: Repl | undefined;
}

/** True where the last entry of a text is whole: a quick look at its brackets first, then the parser. */
export function enterSubmits(submitted: string, { isSql, types, repl }: Deciders): boolean | Promise<boolean> {
  const text = entriesOf(submitted).at(-1) ?? '';
  if (isRecall(text)) return true;
  if (isSql(text)) return isWholeSql(text) || isForced(text);
  if (wordHint(text) !== undefined) return true;
  const word = dottedWord(text);
  const command = word && commandOf(word);
  if (command && (command.argument !== 'expression' || command.partial)) return true;
  const code = word && command ? word.argument : text;
  if (isUnfinished(code)) return false;
  if (command || !types || !repl) return true;
  const answer = types.isComplete(repl.continued(code)).catch(() => true);
  return Promise.race([answer, later(completeLimitMs, true)]);
}
