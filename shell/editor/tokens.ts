// The tokens of an entry with their positions: one pass shared by colours, brackets, indentation and the check for its end.
import jsTokens, { type Token as Read } from 'js-tokens';

export interface Token {
  readonly type: Read['type'];
  readonly text: string;
  readonly start: number;
  /** False for a comment, string, template or regular expression that lacks its end. */
  readonly closed: boolean;
}

/** A bracket, or the `${` of a template, that nothing closes. */
export interface Opening {
  readonly start: number;
  /** `(`, `[`, `{` or `${`. */
  readonly sign: string;
  /** Index of its token. */
  readonly token: number;
}

export interface Reading {
  readonly text: string;
  /** All tokens but spaces and newlines. */
  readonly tokens: readonly Token[];
}

/** The last few results: each key asks several times for the same text, and for its part before the cursor. */
const remembered: Reading[] = [];
const maxRemembered = 4;

export function readTokens(text: string): Reading {
  const known = remembered.find((reading) => reading.text === text);
  if (known) return known;
  const tokens: Token[] = [];
  let start = 0;
  for (const token of jsTokens(text)) {
    const { type, value } = token;
    const closed = !('closed' in token) || token.closed;
    if (type !== 'WhiteSpace' && type !== 'LineTerminatorSequence') tokens.push({ type, text: value, start, closed });
    start += value.length;
  }
  const reading = { text, tokens };
  remembered.unshift(reading);
  remembered.length = Math.min(remembered.length, maxRemembered);
  return reading;
}

const partners: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Calls back for each closed bracket; answers those that stay open, outermost first. */
export function matchBrackets(tokens: readonly Token[], matched?: (open: Opening, close: Token) => void): Opening[] {
  const open: Opening[] = [];
  tokens.forEach((token, index) => {
    const { type, text, start } = token;
    if (type === 'TemplateHead') open.push({ start: start + text.length - 2, sign: '${', token: index });
    else if (type === 'TemplateTail') open.pop();
    else if (type !== 'Punctuator') return;
    else if (Object.hasOwn(partners, text)) open.push({ start, sign: text, token: index });
    else if (text === ')' || text === ']' || text === '}') {
      const opening = open.pop();
      if (opening && partners[opening.sign] === text) matched?.(opening, token);
    }
  });
  return open;
}

export const isComment = ({ type }: Token): boolean => type === 'SingleLineComment' || type === 'MultiLineComment';
