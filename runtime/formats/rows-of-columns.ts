// Makes rows of columns: objects of one shape, by a function that is made for their names.

type Make = (columns: readonly (readonly unknown[])[], count: number) => Record<string, unknown>[];

/** A name as the key of an object literal: without brackets `__proto__` would be its prototype. */
export const keyText = (name: string): string => (name === '__proto__' ? `['__proto__']` : JSON.stringify(name));

/** Columns of a row that one object literal has: V8 gives larger ones no shape. */
export const mostInlined = 900;

/** A function that makes the first `count` rows of columns with these names. */
export function rowsOfColumns(names: readonly string[]): Make {
  if (names.length > mostInlined) return inLoop(names);
  const fields = names.map((name, c) => `${keyText(name)}:c${c}[i]`);
  const source = `"use strict";return (C,n)=>{const [${names.map((_, c) => `c${c}`).join(',')}]=C;const rows=new Array(n);
for(let i=0;i<n;i++)rows[i]={${fields.join(',')}};return rows}`;
  return new Function(source)() as Make;
}

function inLoop(names: readonly string[]): Make {
  return (columns, count) =>
    Array.from({ length: count }, (_, i) => {
      const row: Record<string, unknown> = {};
      for (const [c, name] of names.entries())
        Object.defineProperty(row, name, { value: columns[c][i], enumerable: true, configurable: true, writable: true });
      return row;
    });
}
