// The payload as a graph: which nodes lead to which, and which lead back to themselves.
import { createHash, type Hash } from 'node:crypto';
import type { NodeRef, PayloadNode, ShippedScript } from '../plan/payload';

/** Whether an encoded value, or a part of a node, is the number of a node. */
export function isRef(value: unknown): value is NodeRef {
  return typeof value === 'object' && value !== null && 'n' in value && typeof value.n === 'number';
}

/** Calls `found` with every node number inside a node, in a fixed order. */
function forEachRef(part: unknown, found: (n: number) => void): void {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return;
  if (Array.isArray(part)) {
    for (const item of part) forEachRef(item, found);
  } else if (isRef(part)) {
    found(part.n);
  } else if (!('plain' in part) && !('reference' in part)) {
    for (const key in part) forEachRef((part as Record<string, unknown>)[key], found);
  }
}

/**
 * For each node the number of its strongly connected component (Tarjan): two nodes of one component lead to each other. A node
 * alone in its component does so only if `selfLoops` has it.
 */
export function components(nodes: readonly unknown[]): { of: Int32Array; selfLoops: Set<number> } {
  const of = new Int32Array(nodes.length).fill(-1);
  const low = new Int32Array(nodes.length);
  const order = new Int32Array(nodes.length).fill(-1);
  const stack: number[] = [];
  const selfLoops = new Set<number>();
  let next = 0;
  let count = 0;
  const visit = (n: number): void => {
    order[n] = low[n] = next++;
    stack.push(n);
    forEachRef(nodes[n], (m) => {
      if (m === n) selfLoops.add(n);
      if (order[m] < 0) {
        visit(m);
        low[n] = Math.min(low[n], low[m]);
      } else if (of[m] < 0) {
        low[n] = Math.min(low[n], order[m]);
      }
    });
    if (low[n] !== order[n]) return;
    let m: number;
    do {
      m = stack.pop() as number;
      of[m] = count;
    } while (m !== n);
    count++;
  };
  for (let n = 0; n < nodes.length; n++) if (order[n] < 0) visit(n);
  return { of, selfLoops };
}

/** All nodes that a node leads to, itself first, and a hash of what they hold that does not depend on their numbers. */
export function groupOf(start: number, nodes: readonly PayloadNode[], scripts: readonly ShippedScript[]) {
  const members: number[] = [start];
  const local = new Map<number, number>([[start, 0]]);
  const hash = createHash('sha256');
  const numberOf = (n: number): number => {
    let known = local.get(n);
    if (known === undefined) {
      known = members.push(n) - 1;
      local.set(n, known);
    }
    return known;
  };
  for (let i = 0; i < members.length; i++) {
    const node = nodes[members[i]];
    if (node.t === 'function' || node.t === 'class') hash.update(scripts[node.script].name);
    digest(hash, node, numberOf);
  }
  return { members, hash: hash.digest('hex').slice(0, 16) };
}

function digest(hash: Hash, part: unknown, numberOf: (n: number) => number): void {
  if (typeof part !== 'object' || part === null) {
    hash.update(`${typeof part}:${Object.is(part, -0) ? '-0' : String(part)};`);
  } else if (ArrayBuffer.isView(part)) {
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  } else if (isRef(part)) {
    hash.update(`#${numberOf(part.n)};`);
  } else if (Array.isArray(part)) {
    hash.update(`[${part.length};`);
    for (const item of part) digest(hash, item, numberOf);
  } else {
    const isClass = 't' in part && part.t === 'class';
    for (const [key, value] of Object.entries(part)) {
      // The script's number is of this payload only (its name is hashed), and so is what names a class.
      if (key === 'script' || (isClass && (key === 'key' || key === 'group'))) continue;
      hash.update(`${key}=`);
      digest(hash, value, numberOf);
    }
  }
}
