// Tells whether an entry is a command.

/** A word after a dot (or a colon, as in Spark's shell) at column 0, and what follows it. */
export interface DottedWord {
  readonly sign: '.' | ':';
  readonly word: string;
  /** The rest, trimmed. */
  readonly argument: string;
  /** Where the argument begins in the text. */
  readonly argumentStart: number;
}

const dotted = /^([.:])([A-Za-z]\w*)(?=\s|$)[ \t]*/;

/** Reads `.word argument`; undefined if the word is followed by anything but space, such as the `(` of a chain. */
export function dottedWord(text: string): DottedWord | undefined {
  const match = dotted.exec(text);
  if (!match) return undefined;
  return {
    sign: match[1] as '.' | ':',
    word: match[2],
    argument: text.slice(match[0].length).trim(),
    argumentStart: match[0].length,
  };
}
