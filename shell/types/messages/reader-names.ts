// What other tools call the readers of tables: the message for such a name on the context says what it is here.

const readers: readonly (readonly [name: RegExp, here: string])[] = [
  [/csv|tsv|delim/i, 'sc.csv(path)'],
  [/json|ndjson/i, 'sc.json(path) for a file that is one array or object, or sc.jsonLines(path) for a value a line'],
  [/parquet/i, 'sc.parquet(path)'],
  [/arrow|feather|ipc/i, 'sc.arrow(path)'],
  [/avro|orc|xlsx?$|excel|delta|iceberg/i, 'sc.csv or sc.parquet on a file that another tool converted'],
  [
    /^(read|load|table|open|dataframe|spark)/i,
    'sc.csv(path), sc.json(path), sc.jsonLines(path), sc.parquet(path), sc.arrow(path) or sql`select …`',
  ],
];

/** The message for a name that the context does not have and a reader of another tool has; undefined for any other name. */
export function readerInstead(type: string, name: string): string | undefined {
  if (type !== 'Context') return undefined;
  const found = readers.find(([pattern]) => pattern.test(name));
  return found && `sc has no ${name}; use ${found[1]}.`;
}
