// Plain SQL as an entry of TypeScript: names of the session that stand where tables do become datasets of a template.

/** Words that cannot be the name of a table's alias. */
const afterTable = new Set(
  (
    'where group order having limit offset union intersect except on using join inner left right full outer cross natural semi anti asof ' +
    'positional qualify window sample tablesample pivot unpivot select from with set values lateral fetch for'
  ).split(' '),
);

/** Functions that have a `from` of their own. */
const calls = /^(?:extract|trim|substring|overlay|position)$/i;

/** What ends the list of tables behind `from`. */
const endsTables = new Set(
  'where group order having limit offset union intersect except qualify window select sample fetch'.split(' '),
);

const tokenPattern =
  /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\p{ID_Start}_$][\p{ID_Continue}$]*|\s+|[\s\S]/gu;

const isName = (token: string): boolean => /^[\p{ID_Start}_$]/u.test(token);

const isSpace = (token: string): boolean => /^(?:\s|--|\/\*)/.test(token);

/** The text within a template as its signs must be written. */
const escaped = (token: string): string => token.replace(/`|\$\{/g, '\\$&');

/** Whether a SQL text is a whole statement: its last sign is a semicolon outside of quotes and comments. */
export function isWholeSql(text: string): boolean {
  const tokens = (text.match(tokenPattern) ?? []).filter((token) => !isSpace(token));
  return tokens.length === 0 || tokens.at(-1) === ';';
}

/** The entry that runs a query, in which `names` are the variables of the session. */
export function sqlEntry(text: string, names: Pick<ReadonlySet<string>, 'has'>): string {
  const tokens = text.replace(/[\s;]+$/, '').match(tokenPattern) ?? [];
  const defined = new Set(tokens.filter((token, i) => isName(token) && definesName(tokens, i)));
  let written = '';
  // For each open parenthesis whether a table may come next, and whether this is within a list of tables.
  const levels = [{ expects: false, lists: false, isCall: false }];
  let before = '';
  for (const [i, token] of tokens.entries()) {
    const level = levels[levels.length - 1];
    written += escaped(token);
    if (isSpace(token)) continue;
    const previous = before;
    before = token;
    const word = token.toLowerCase();
    if (token === '(') levels.push({ expects: false, lists: false, isCall: calls.test(previous) });
    else if (token === ')') {
      if (levels.length > 1) levels.pop();
      levels[levels.length - 1].expects = false;
    } else if ((word === 'from' && !level.isCall) || word === 'join') Object.assign(level, { expects: true, lists: true });
    else if (token === ',') level.expects = level.lists;
    else if (endsTables.has(word)) Object.assign(level, { expects: false, lists: false });
    else if (level.expects) {
      level.expects = false;
      if (!names.has(token) || defined.has(token) || followedBy(tokens, i, /^[.(]$/)) continue;
      written = `${written.slice(0, -token.length)}\${${token}}${hasAlias(tokens, i) ? '' : ` ${token}`}`;
    }
  }
  return `sql\`${written}\``;
}

/** The words that stand where names of tables do. */
export function tableWords(text: string): string[] {
  const words = new Set<string>();
  sqlEntry(text, { has: (name) => words.size < words.add(name).size && false });
  return [...words];
}

const next = (tokens: readonly string[], from: number): number => {
  let at = from + 1;
  while (at < tokens.length && isSpace(tokens[at])) at++;
  return at;
};

const followedBy = (tokens: readonly string[], at: number, pattern: RegExp): boolean =>
  pattern.test(tokens[next(tokens, at)] ?? '');

/** `with name as (`, also with columns: a name of the query itself. */
const definesName = (tokens: readonly string[], at: number): boolean => {
  const as = next(tokens, at);
  return tokens[as]?.toLowerCase() === 'as' && tokens[next(tokens, as)] === '(';
};

function hasAlias(tokens: readonly string[], at: number): boolean {
  const after = tokens[next(tokens, at)]?.toLowerCase() ?? '';
  return after === 'as' || after.startsWith('"') || (isName(after) && !afterTable.has(after));
}
