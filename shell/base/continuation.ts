// Tells whether a text goes on with the last value: a chain that begins with its dot, as `.map(…)` or an indented `?.name`.

/** What may stand before the dot: chains are written indented, and with comments between their lines. */
const before = /^(?:\s|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
/** `.name`, `?.name`, `?.[` or `?.(`; not `.5` and not `...rest`. */
const chain = /^(?:\??\.\s*[\p{ID_Start}$_]|\?\.\s*[[(])/u;
const startOfChain = /^\??\.\s*$/;

/** Where the dot is; undefined for a text that begins otherwise. `unfinished` texts may stop behind their dot. */
export function continuationStart(text: string, { unfinished = false } = {}): number | undefined {
  const start = before.exec(text)![0].length;
  const rest = text.slice(start);
  return chain.test(rest) || (unfinished && startOfChain.test(rest)) ? start : undefined;
}
