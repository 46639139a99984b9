// Plans and splits as lists whose nodes name their inputs by number: one that is used twice is written once, and depth costs no stack.
import { decode, encode } from '../wire/codec';
import { inputsOf, type Plan, type Program, type Split } from './program';

type Node = Plan | Split;

/** The nodes, each after its inputs; the last one is the root. */
type Flat = readonly object[];

function flatten(root: Node): Flat {
  const numbers = new Map<Node, number>();
  const flat: object[] = [];
  const open: Node[] = [root];
  while (open.length > 0) {
    const node = open[open.length - 1];
    const before = open.length;
    if (!numbers.has(node)) for (const n of inputsOf(node)) if (!numbers.has(n)) open.push(n);
    if (open.length > before) continue;
    open.pop();
    if (numbers.has(node)) continue;
    numbers.set(node, flat.length);
    if ('inputs' in node) flat.push({ ...node, inputs: node.inputs.map((n) => numbers.get(n)) });
    else flat.push('input' in node ? { ...node, input: numbers.get(node.input) } : node);
  }
  return flat;
}

/** Makes of a list that was just decoded what it was made of. */
function unflatten(flat: Flat): unknown {
  for (const node of flat as { input?: unknown; inputs?: unknown[] }[]) {
    if (node.inputs) node.inputs = node.inputs.map((n) => flat[n as number]);
    else if (node.input !== undefined) node.input = flat[node.input as number];
  }
  return flat[flat.length - 1];
}

export const encodeProgram = (program: Program): Uint8Array => encode({ ...program, plan: flatten(program.plan) });

export function decodeProgram(bytes: Uint8Array): Program {
  const written = decode(bytes) as Omit<Program, 'plan'> & { readonly plan: Flat };
  return { ...written, plan: unflatten(written.plan) as Program['plan'] };
}

export const encodeSplit = (split: Split): Uint8Array => encode(flatten(split));

export const decodeSplit = (bytes: Uint8Array): Split => unflatten(decode(bytes) as Flat) as Split;
