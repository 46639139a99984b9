// Colours an entry as it is typed: each token as far as a tokenizer can tell, and matching brackets.
import { paint } from '../print/safe-text';
import { matchBrackets, readTokens, type Token } from './tokens';

/** Longer texts have no colours: they are data, and each key would tokenize them again. */
const maxColoured = 48 * 1024;

const styles = ['plain', 'keyword', 'string', 'constant', 'type', 'regex', 'comment', 'command', 'bracket'] as const;
type Style = (typeof styles)[number];

/** Of the sixteen colours of every terminal, only those that are readable on black and on white. */
const painters: Readonly<Record<Style, (text: string) => string>> = (() => {
  const { magenta, green, cyan, red, dim, bold } = paint(true);
  return {
    plain: (text) => text,
    keyword: magenta,
    string: green,
    constant: cyan,
    type: cyan,
    regex: red,
    comment: dim,
    command: bold,
    bracket: bold.underline,
  };
})();

/** A style for each UTF-16 unit of a text; undefined where there are no colours. */
export type Colouring = Uint8Array | undefined;

/** A row under construction: neighbours of one style are painted together, and each row resets its styles. */
export class PaintedRow {
  #done = '';
  #piece = '';
  #style = 0;

  add(shown: string, style = 0): void {
    if (style !== this.#style) this.#endPiece();
    this.#style = style;
    this.#piece += shown;
  }

  end(): string {
    this.#endPiece();
    return this.#done;
  }

  #endPiece(): void {
    if (this.#piece !== '') this.#done += painters[styles[this.#style]](this.#piece);
    this.#piece = '';
  }
}

const words = (text: string) => new Set(text.split(' '));
const keywords = words(
  'await break case catch class const continue debugger default delete do else enum export extends finally for function if import in instanceof let new return super switch this throw try typeof var void while with yield',
);
/** These words are keywords only before another word or a bracket; elsewhere they are names. */
const softKeywords = words(
  'abstract as async declare from get implements infer interface is keyof namespace of override private protected public readonly satisfies set static type using',
);
const constants = words('true false null undefined NaN Infinity');
const primitives = words('any bigint boolean never number object string symbol unknown void');

/** Where the code of a text begins, and how long the command's word before it is. */
export interface Parts {
  readonly command: number;
  readonly code: number;
}

/** The colours of a text; brackets are matched at `cursor`, if given. */
export function colouringOf(text: string, parts: Parts, cursor?: number): Colouring {
  if (text.length > maxColoured) return undefined;
  const colouring = new Uint8Array(text.length);
  const set = (start: number, length: number, style: Style) => colouring.fill(styles.indexOf(style), start, start + length);
  set(0, parts.command, 'command');
  const { tokens } = readTokens(text.slice(parts.code));
  tokens.forEach((token, index) => {
    const style = styleOf(token, tokens[index - 1], tokens[index + 1]);
    if (style !== 'plain') set(parts.code + token.start, token.text.length, style);
    else if (token.type.startsWith('Template')) colourTemplate(token, parts.code, set);
  });
  if (cursor !== undefined) {
    for (const at of bracketsAt(tokens, cursor - parts.code)) set(parts.code + at, 1, 'bracket');
  }
  return colouring;
}

/** The text of a template without the signs of its holes. */
function colourTemplate(
  { type, text, start }: Token,
  shift: number,
  set: (start: number, length: number, style: Style) => void,
): void {
  const from = type === 'TemplateHead' ? 0 : 1;
  const end = type === 'TemplateTail' ? 0 : 2;
  set(shift + start + from, text.length - from - end, 'string');
}

function styleOf(token: Token, before: Token | undefined, after: Token | undefined): Style {
  switch (token.type) {
    case 'StringLiteral':
    case 'NoSubstitutionTemplate':
      return 'string';
    case 'NumericLiteral':
      return 'constant';
    case 'RegularExpressionLiteral':
      return 'regex';
    case 'SingleLineComment':
    case 'MultiLineComment':
    case 'HashbangComment':
      return 'comment';
    case 'IdentifierName':
      return wordStyle(token.text, before?.text ?? '', after);
    default:
      return 'plain';
  }
}

function wordStyle(word: string, before: string, after: Token | undefined): Style {
  const isProperty = before === '.' || before === '?.' || (after?.text === ':' && /^[{,]$/.test(before));
  if (isProperty) return /^\p{Lu}/u.test(word) && before !== '{' ? 'type' : 'plain';
  if (primitives.has(word) && /^[:<|&,]$|^as$|^=$/.test(before) && after?.text !== '(') return 'type';
  if (keywords.has(word)) return 'keyword';
  if (softKeywords.has(word) && after && startsSomething(after)) return 'keyword';
  if (constants.has(word)) return 'constant';
  return /^\p{Lu}/u.test(word) ? 'type' : 'plain';
}

const startsSomething = ({ type, text }: Token) => type === 'IdentifierName' || type === 'StringLiteral' || /^[{[]$/.test(text);

/** The bracket under the cursor or just before it, with its partner. */
function bracketsAt(tokens: readonly Token[], cursor: number): number[] {
  let found: number[] = [];
  matchBrackets(tokens, (open, close) => {
    for (const at of [open.start, close.start]) {
      if (at === cursor - 1 || (at === cursor && found.length === 0)) found = [open.start, close.start];
    }
  });
  return found;
}
