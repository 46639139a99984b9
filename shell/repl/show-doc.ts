// What `.doc` shows: signatures, text and examples of a name, wrapped to the screen, or the names nearest to it.
import type { Screen } from '../contract/screen';
import type { Documentation, TypeService } from '../contract/type-service';
import { escapeLines, paint, widthOf } from '../print/safe-text';

const widest = 100;

/** The documentation of every place that declares the name, as text. */
export function documentation(found: readonly Documentation[], screen: Screen): string {
  const columns = Math.min(screen.columns, widest);
  return found.map((one) => shown(one, columns, screen.color)).join('\n');
}

function shown({ name, signatures, text, examples }: Documentation, columns: number, color: boolean): string {
  const { bold, cyan } = paint(color);
  const lines = [bold(name), ...signatures.map((signature) => `  ${cyan(escapeLines(signature))}`)];
  for (const paragraph of text.split(/\n\s*\n/).filter(Boolean)) lines.push(...wrapped(escapeLines(paragraph), columns));
  if (examples.length > 0) lines.push(examples.length === 1 ? 'Example:' : 'Examples:');
  for (const example of examples) lines.push(`  ${escapeLines(example).replaceAll('\n', '\n  ')}`);
  return `${lines.join('\n')}\n`;
}

/** Lines of at most `columns` where the words allow it. */
function wrapped(paragraph: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/\s+/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else line += (line === '' ? '' : ' ') + word;
  }
  return [...lines, line];
}

export function notDocumented(name: string, { near }: Awaited<ReturnType<TypeService['doc']>>): string {
  const advice =
    near.length > 0 ? `Did you mean ${near.map((one) => `.doc ${one}`).join(' or ')}?` : 'Try .doc RDD, .doc sc, or .help.';
  return `There is no documentation of ${escapeLines(name)}. ${advice}\n`;
}
