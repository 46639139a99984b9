// Names of columns in the text of functions that make rows.

/** A name as the key of an object literal: without brackets `__proto__` would be its prototype. */
export const keyText = (name: string): string => (name === '__proto__' ? `['__proto__']` : JSON.stringify(name));

/** Columns of a row that one object literal has: V8 gives larger ones no shape. */
export const mostInlined = 900;
