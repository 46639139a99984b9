// What a pasted text becomes: one entry, with Unix newlines and without the prompts it was copied with.

const prompts = /^(?:> |… |>>> |\.\.\. |ts> |scala> |millrace> )/;
const emptyPrompt = /^(?:>|…|>>>|\.\.\.)$/;

/** Normalises a pasted text. Tabs stay text; the last newline is dropped so that the paste waits for Enter. */
export function pastedText(raw: string): string {
  const text = raw.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
  const lines = text.split('\n');
  // No entry begins with a prompt's sign, so a first line that does was copied from a session: its output lines go too.
  if (!prompts.test(lines[0])) return text;
  return lines
    .filter((line) => prompts.test(line) || emptyPrompt.test(line))
    .map((line) => line.replace(prompts, '').replace(emptyPrompt, ''))
    .join('\n');
}
