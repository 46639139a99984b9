// Finds out quickly, without the type service, whether an entry is certainly unfinished: open brackets, quotes, a trailing operator.
import { isComment, matchBrackets, readTokens, type Token } from './tokens';

const trailingOperator = /^(?:=>|.*[=+\-*/%&|^<,?:~])$/;
const postfix = new Set(['++', '--']);
const trailingWords = new Set('in instanceof extends implements new typeof await throw return else do'.split(' '));
/** Operators between an operand and a type. Elsewhere they are names, as `of` is outside of the head of a loop. */
const typeOperators = new Set(['as', 'satisfies']);
const declaring = new Set(['const', 'let', 'var', 'function', 'class', 'type', 'interface', 'enum', 'namespace']);

/** True if the text cannot be a whole entry yet. False means only that nothing obvious is missing. */
export function isUnfinished(text: string): boolean {
  if (!isAtTopLevel(text)) return true;
  const code = readTokens(text).tokens.filter((token) => !isComment(token));
  const end = code.at(-1);
  return end !== undefined && needsMore(end, code.at(-2));
}

/** True when a line that follows `text` starts outside every bracket, template and comment. */
export function isAtTopLevel(text: string): boolean {
  const { tokens } = readTokens(text);
  return matchBrackets(tokens).length === 0 && !isOpenAcrossLines(tokens.at(-1));
}

/** A string or regular expression ends with its line, as in the language; a template or comment does not. */
function isOpenAcrossLines(token: Token | undefined): boolean {
  return token?.closed === false && /Template|Comment/.test(token.type);
}

function needsMore(end: Token, before: Token | undefined): boolean {
  if (end.type === 'Punctuator') return trailingOperator.test(end.text) && !postfix.has(end.text);
  if (end.type !== 'IdentifierName' || /^\??\.$/.test(before?.text ?? '')) return false;
  return trailingWords.has(end.text) || (typeOperators.has(end.text) && before !== undefined && isOperand(before));
}

function isOperand({ type, text }: Token): boolean {
  if (type === 'Punctuator') return /^(?:[)\]}*]|\+\+|--)$/.test(text);
  return !(type === 'IdentifierName' && (trailingWords.has(text) || declaring.has(text)));
}
