// Turns pasted text into what is to be edited, with Unix newlines: one entry, or a copied session as its entries with their prompts.
import { continuationText, promptText, withPrompts } from './editor';

/** Prompts of this shell and of others. */
const prompt = /^(?:>|>>>|ts>|scala>|millrace>)(?: |$)/;
const continuation = /^(?:…|\.\.\.)(?: |$)/;

/** Normalises a pasted text. Tabs stay text; the last newline is dropped so that the paste waits for Enter. */
export function pastedText(raw: string): string {
  const text = raw.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
  const entries = copiedEntries(text);
  if (entries === undefined) return text;
  return entries.length === 1 ? entries[0] : entries.map(withPrompts).join('\n');
}

/**
 * The entries of a copied session; undefined for any other text: no entry begins with the prompt's sign. What was printed is left out.
 * A line with the sign of a continuation goes on an entry only right behind it: tables end with such lines too.
 */
export function copiedEntries(text: string): string[] | undefined {
  if (!isCopied(text)) return undefined;
  const entries: string[] = [];
  let inEntry = false;
  for (const line of text.split('\n')) {
    const begins = prompt.test(line);
    inEntry = begins || (inEntry && continuation.test(line));
    if (begins) entries.push(line.replace(prompt, ''));
    else if (inEntry) entries.push(`${entries.pop()}\n${line.replace(continuation, '')}`);
  }
  return entries.filter((entry) => entry.trim() !== '');
}

/** Whether a text is a copied session, which brings its prompts along. */
const isCopied = (text: string): boolean => prompt.test(text.slice(0, text.search(/\n|$/)));

/** The prompts before the lines of a text that is being edited. */
export function promptsOf(text: string): { prompt: string; continuation: string } {
  return isCopied(text) ? { prompt: '', continuation: '' } : { prompt: promptText, continuation: continuationText };
}
