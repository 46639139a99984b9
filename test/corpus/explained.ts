// Why what we read in a file of others differs from the references: one reason a kind. docs/data.md has them as a table.

interface Explained {
  readonly reason: string;
  readonly files: RegExp;
}

export const explained: readonly Explained[] = [
  {
    reason:
      'pyarrow reads the file, but has no value in Python for it: dates beyond the year 9999, durations, intervals of months, two fields of one name',
    files: /^arrow\/.*(?:bigendian|littleendian|cpp-21\.0\.0)__generated_(?:datetime|duplicate_fieldnames|interval|duration)\./,
  },
  {
    reason: 'times of day and intervals are written in another form: `01:50:13.125` here, without zeros at the end',
    files: /^arrow\/.*(?:0\.14\.1__generated_datetime|generated_interval_mdn)/,
  },
  {
    reason: 'a fuzzer changed the file so that one of two readers still takes it',
    files:
      /^arrow\/.*fuzz-(?:6295340960776192|5718685113384960|6310318291288064)|^csv\/.*(?:afl__|fuzzing__|quoted_comment_buffer_boundary)/,
  },
  {
    reason: 'CSV with line ends of several kinds, and UTF-16, are read; DuckDB refuses them',
    files: /^csv\/.*(?:mix_r_n|mixed_line_endings|repromarket|only_utf16|encodings__utf16)/,
  },
  {
    reason: 'a row with too few or too many fields is an error with its line; DuckDB then takes each line for one column of text',
    files:
      /^csv\/.*(?:no_opt|mix_columns|more_col_and_max_line|unquoted_less|unquoted_more|unquoted_last_value|error_too_little)/,
  },
  {
    reason: 'a comment begins a line, and none begins within one',
    files: /^csv\/.*comments__mid/,
  },
  {
    reason: 'the first row is a row, not names, where numbers, times or repeated texts stand in it, or where nothing else does',
    files: /^csv\/.*(?:17738_rn|invalid_time|undetected_type|force_not_null|many_empty_lines|simple_quoted|issue5077)/,
  },
  {
    reason: 'quotes are quotes: DuckDB reads the file with no quotes, or begins its table at the last line',
    files: /^csv\/.*(?:all_quotes|no_quote)/,
  },
  {
    reason: 'a backslash escapes quotes and itself, nothing else',
    files: /^csv\/.*bad_escape/,
  },
  {
    reason: 'a quoted `"100,000.00"` in a column of such numbers is a number',
    files: /^csv\/.*multi_column_quote/,
  },
  {
    reason:
      'of a field of JSON that comes twice the last one counts; DuckDB refuses the file, and for names that differ in capitals too',
    files: /^json\/.*(?:10751|duplicate_key|format_string_key)/,
  },
  {
    reason:
      'texts in JSON stay texts, values of several types stay as they are, and fields that a nested object lacks stay missing',
    files: /^json\/.*(?:15601|inconsistent_schemas|map_of_structs|my4|utf8_bom|__union)/,
  },
  {
    reason: 'variants of Parquet are shown as the parts that they are stored in',
    files: /^parquet\/.*variant_/,
  },
  {
    reason: 'instants within structs are dates, in milliseconds; NaN is written in capitals',
    files: /^parquet\/.*(?:testing__simple\.|point-encoding_native)/,
  },
];
