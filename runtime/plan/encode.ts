// Plans and splits as lists whose nodes name their inputs by number: one that is used twice is written once, and depth costs no stack.
import { MillraceError } from '../base/errors';
import { decode, encode } from '../wire/codec';
import { planWith } from './functions';
import { inputsOf, type Plan, type Program, type ProgramPart, type Split } from './program';

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
    if (!numbers.has(node)) for (const n of writtenInputs(node)) if (!numbers.has(n)) open.push(n);
    if (open.length > before) continue;
    open.pop();
    if (numbers.has(node)) continue;
    numbers.set(node, flat.length);
    flat.push(withNumbers(node, numbers));
  }
  return flat;
}

/** What stands in a part of its own is not written with the rest. */
const writtenInputs = (node: Node): readonly Node[] => ('part' in node && node.part !== undefined ? [] : inputsOf(node));

/** Copies by spreading alone: what leaves a property out makes objects that encode many times as slowly. */
function withNumbers(node: Node, numbers: ReadonlyMap<Node, number>): object {
  if ('inputs' in node) return { ...node, inputs: node.inputs.map((n) => numbers.get(n)) };
  return 'input' in node ? { ...node, input: numbers.get(node.input) } : node;
}

/** Makes of a list that was just decoded what it was made of; `partOf` finds the plan of a part. */
function unflatten(flat: Flat, partOf: (id: string) => Plan = noParts): unknown {
  for (const node of flat as { input?: unknown; inputs?: unknown[]; part?: string }[]) {
    if (node.inputs) node.inputs = node.inputs.map((n) => flat[n as number]);
    else if (node.part !== undefined) node.input = partOf(node.part);
    else if (node.input !== undefined) node.input = flat[node.input as number];
  }
  return flat[flat.length - 1];
}

function noParts(id: string): never {
  throw new MillraceError('INTERNAL', { reason: `the part ${id} has no place in a split` });
}

export const encodePart = (part: ProgramPart): Uint8Array => encode({ ...part, plan: flatten(part.plan) });

/** A part of programs by its id, which its references name from now on. */
export function decodePart(id: string, bytes: Uint8Array, partOf: (id: string) => Plan): ProgramPart {
  const { plan, closures } = decode(bytes) as { readonly plan: Flat; readonly closures: readonly Uint8Array[] };
  const flat = plan.map((node) => planWith(node as Plan, (ref) => ({ ...ref, part: id })));
  return { plan: unflatten(flat, partOf) as Plan, closures };
}

export const encodeProgram = (program: Program): Uint8Array => encode({ ...program, plan: flatten(program.plan) });

export function decodeProgram(bytes: Uint8Array, partOf: (id: string) => Plan): Program {
  const written = decode(bytes) as Omit<Program, 'plan'> & { readonly plan: Flat };
  return { ...written, plan: unflatten(written.plan, partOf) as Program['plan'] };
}

export const encodeSplit = (split: Split): Uint8Array => encode(flatten(split));

/** An encoded split with other leaves. */
export const splitWith = (bytes: Uint8Array, leaf: (split: Split) => Split): Uint8Array =>
  encode((decode(bytes) as Flat).map((node) => ('inputs' in node ? node : leaf(node as Split))));

export const decodeSplit = (bytes: Uint8Array): Split => unflatten(decode(bytes) as Flat) as Split;
