// A quick look at whether an entry certainly goes on: open brackets, quotes, comments, a trailing operator. Never waits for anything.

/** Keywords after which a slash begins a regular expression and not a division. */
const beforeRegex = /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield|instanceof)\s*$/;
const trailingOperator =
  /(?:=>|[=+\-*/%&|^<,?:~]|(?<![.\w$])(?:in|of|instanceof|extends|implements|as|satisfies|new|typeof|await|throw|return|else|do))$/;

interface Scan {
  /** What is open at the end, outermost first: a bracket, a quote, `${` of a template, or a comment. */
  readonly open: string[];
  /** The text with comments and the insides of quotes blanked, for looking at its end. */
  readonly code: string;
}

/** True when the text cannot be a whole entry yet. False means only that nothing obvious is missing. */
export function isUnfinished(text: string): boolean {
  const { open, code } = scan(text);
  if (open.length > 0) return true;
  const end = code.trimEnd();
  return trailingOperator.test(end) && !/(?:\+\+|--)$/.test(end);
}

/** True when a line that follows `text` starts outside every bracket, quote and comment. */
export function isAtTopLevel(text: string): boolean {
  return scan(text).open.length === 0;
}

/** Walks the text once; quotes that their line leaves open are closed at its end, as the language has it. */
function scan(text: string): Scan {
  const open: string[] = [];
  let code = '';
  let at = 0;
  while (at < text.length) {
    const inside = open.at(-1);
    if (inside === '`') {
      at = templateStep(text, at, open);
      continue;
    }
    const skipped = skipAtom(text, at, code);
    if (skipped !== undefined) {
      if (skipped.open) open.push(skipped.open);
      code += skipped.shown;
      at = skipped.end;
      continue;
    }
    const character = text[at];
    if ('([{'.includes(character)) open.push(character);
    else if (')]}'.includes(character)) open.pop();
    else if (character === '`') open.push('`');
    code += character;
    at++;
  }
  return { open, code };
}

function templateStep(text: string, at: number, open: string[]): number {
  if (text[at] === '\\') return at + 2;
  if (text.startsWith('${', at)) {
    open.push('${');
    return at + 2;
  }
  if (text[at] === '`') open.pop();
  return at + 1;
}

interface Atom {
  readonly end: number;
  readonly shown: string;
  readonly open?: string;
}

/** A comment, quoted string or regular expression that begins here. */
function skipAtom(text: string, at: number, code: string): Atom | undefined {
  if (text.startsWith('//', at)) {
    const end = text.indexOf('\n', at);
    return { end: end < 0 ? text.length : end, shown: '' };
  }
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? { end: text.length, shown: '', open: '/*' } : { end: end + 2, shown: ' ' };
  }
  if (text[at] === '"' || text[at] === "'") return { end: endOfQuote(text, at), shown: '""' };
  if (text[at] === '/' && startsRegex(code)) {
    const end = endOfRegex(text, at);
    if (end !== undefined) return { end, shown: '0' };
  }
  return undefined;
}

function endOfQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start]) return at + 1;
    else if (text[at] === '\n') return at;
  }
  return text.length;
}

function startsRegex(code: string): boolean {
  const before = code.trimEnd();
  return before === '' || /[([{},;=:!&|?+\-*%^~<>]$/.test(before) || beforeRegex.test(before);
}

function endOfRegex(text: string, start: number): number | undefined {
  let inClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
  }
  return undefined;
}
