// Patterns over the keys of a store: `*`, `**`, `?`, `[a-z]` and `{a,b}` as for files of this machine, and the prefix to list by.

export const isPattern = (key: string): boolean => /[*?[\]{}]/.test(key.replace(/\\./gs, ''));

/** A key whose characters of patterns stand behind backslashes. */
export const unescaped = (key: string): string => key.replace(/\\(.)/gs, '$1');

/** What all keys that a pattern matches begin with. */
export function prefixOf(pattern: string): string {
  const [literal] = /^(?:\\.|[^*?[\]{}\\])*/s.exec(pattern) ?? [''];
  return unescaped(literal);
}

const plain = (c: string): string => c.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** The expression of a pattern. Names that begin with a dot are matched by nothing but themselves. */
export function expressionOf(pattern: string): RegExp {
  let text = '';
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    const atStart = i === 0 || pattern[i - 1] === '/';
    const noDot = atStart ? '(?!\\.)' : '';
    if (c === '\\' && i + 1 < pattern.length) text += plain(pattern[++i]);
    else if (c === '*' && pattern.startsWith('**/', i) && atStart) {
      text += '(?:(?!\\.)[^/]+/)*';
      i += 2;
    } else if (c === '*' && pattern.slice(i) === '**' && atStart) {
      text += '(?:(?!\\.)[^/]+/)*(?!\\.)[^/]+';
      i++;
    } else if (c === '*') text += `${noDot}[^/]*`;
    else if (c === '?') text += `${noDot}[^/]`;
    else if (c === '[') {
      const end = pattern.indexOf(']', i + 2);
      if (end < 0) {
        text += '\\[';
        continue;
      }
      const inside = pattern
        .slice(i + 1, end)
        .replace(/^[!^]/, '^')
        .replace(/[\\[]/g, '\\$&');
      text += `[${inside}]`;
      i = end;
    } else if (c === '{') {
      depth++;
      text += '(?:';
    } else if (c === '}' && depth > 0) {
      depth--;
      text += ')';
    } else if (c === ',' && depth > 0) text += '|';
    else text += plain(c);
  }
  return new RegExp(`^${text}${')'.repeat(depth)}$`, 's');
}
