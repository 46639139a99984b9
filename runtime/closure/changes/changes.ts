// What a shipped function may change of what it is given, by its text: where that is nothing, rows in memory need no copies.
import { type AnyNode, parse } from 'acorn';
import type { Changes } from '../../plan/function-ref';
import type { CapturedClosure, Encoded, PayloadNode } from '../../plan/payload';
import { TextChanges } from './text-changes';
import type { Captured } from './values';

/** What is known of texts: loops and streams ship the same functions again and again. */
const known = new Map<string, Changes>();
const mostKnown = 1_000;

/** Longer texts are taken for functions that may change everything. */
const longest = 100_000;
const everything: Changes = { first: true, others: true, captured: true, mixes: true };

/**
 * What a closure may change. It never says too little, with two exceptions: getters, setters, `valueOf` and the like of the user's classes
 * that change their instances, and `slice()` of a Buffer, which shares its memory. It says too much where a function calls what is not known here, such as a package, with a row.
 */
export function changesOf({ root, nodes, scripts }: CapturedClosure): Changes {
  const all: Changes[] = [];
  nodes.forEach((node, n) => {
    if (node.t !== 'function' && node.t !== 'class') return;
    const { text } = scripts[node.script];
    const captured = node.args.map((value) => sortOf(value, nodes));
    const own = changesOfText(text, captured);
    const isRoot = typeof root === 'object' && root !== null && (root as { n?: unknown }).n === n;
    all.push(isRoot ? own : ofHelper(own));
  });
  return all.reduce(join, {});
}

function sortOf(value: Encoded, nodes: readonly PayloadNode[]): Captured {
  const n = typeof value === 'object' && value !== null ? (value as { n?: number }).n : undefined;
  const node = n === undefined ? undefined : nodes[n];
  switch (node?.t) {
    case undefined:
      return 'plain';
    case 'function':
    case 'class':
      return 'function';
    case 'cell':
      return sortOf(node.value, nodes);
    case 'reference':
      // Accumulators are there to be added to, and the engine's objects are its own.
      return node.reference.kind === 'broadcast' ? 'value' : 'harmless';
    case 'intrinsic':
      return 'harmless';
    default:
      return 'value';
  }
}

/** Called by other functions with whatever they have. */
const ofHelper = ({ first, others, captured }: Changes): Changes => (first || others || captured ? everything : {});

const join = (a: Changes, b: Changes): Changes => ({
  first: a.first || b.first,
  others: a.others || b.others,
  captured: a.captured || b.captured,
  mixes: a.mixes || b.mixes,
});

function changesOfText(text: string, captured: readonly Captured[]): Changes {
  const key = `${captured.join()}|${text}`;
  const found = known.get(key);
  if (found) return found;
  const made = analysed(text, captured);
  if (known.size >= mostKnown) known.clear();
  known.set(key, made);
  return made;
}

function analysed(text: string, captured: readonly Captured[]): Changes {
  if (text.length > longest) return everything;
  try {
    const { body } = parse(text, { ecmaVersion: 'latest', allowReturnOutsideFunction: true });
    return new TextChanges(body as AnyNode[], captured).find();
  } catch {
    // A syntax that is not understood here.
    return everything;
  }
}
