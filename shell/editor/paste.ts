// Turns pasted text into one entry, with Unix newlines and without copied prompts.

const prompts = /^(?:> |… |>>> |\.\.\. |ts> |scala> |millrace> )/;
const emptyPrompt = /^(?:>|…|>>>|\.\.\.)$/;

/** Normalises a pasted text. Tabs stay text; the last newline is dropped so that the paste waits for Enter. */
export function pastedText(raw: string): string {
  const text = raw.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
  const lines = text.split('\n');
  // No entry begins with the prompt's sign: a first line that does was copied from a session, so output lines are removed too.
  if (!prompts.test(lines[0])) return text;
  return lines
    .filter((line) => prompts.test(line) || emptyPrompt.test(line))
    .map((line) => line.replace(prompts, '').replace(emptyPrompt, ''))
    .join('\n');
}
