// Capture: a function with all that it uses, as it is now, as plain data that can be shipped.
import { MillraceError } from '../../base/errors';
import type { Reference } from '../../base/markers';
import type { Place } from '../../base/place';
import type { CapturedClosure, ClassNode, Encoded, PayloadNode, ShippedScript } from '../../plan/payload';
import { sessionKeyOf } from '../classes/class-registry';
import { modulesMayHaveChanged } from '../module-refs';
import { components, groupOf, isRef } from '../payload-graph';
import type { Bulk } from './bulky-values';
import type { CaptureWarning } from './capture-warnings';
import { SharedRow } from './captured-rows';
import { DeadZone, type Draft, FunctionEncoder } from './encode-function';
import { type CaptureOptions, Encoder } from './encode-value';
import { scriptOf } from './function-script';

export type { Bulk, CaptureOptions, CaptureWarning };

export interface CapturedName {
  readonly name: string;
  /** An estimate of what it brings along, in bytes. */
  readonly bytes: number;
  /** `number`, `Set`, the name of a class. */
  readonly type: string;
}

export interface Capture {
  readonly closure: CapturedClosure;
  /** The variables that the function itself uses. */
  readonly names: readonly CapturedName[];
  /** Broadcasts and accumulators, once each. */
  readonly references: readonly Reference[];
  /** Paths of the user's own modules that are loaded on the executor. */
  readonly modules: readonly string[];
  readonly warnings: readonly CaptureWarning[];
  /** Values that are shipped apart, by the ids under which the closure names them. */
  readonly bulk: readonly Bulk[];
  /** What it returns may come from code that its text does not show: from a call or a getter, or its text is not known. */
  readonly answersUnseen: boolean;
  /** Where the function is written. */
  readonly place: Place;
  /** Its text, cut for display. */
  readonly source: string;
  /** A variable that has no value yet: the closure is empty and is to be captured again. Only with `allowDeadZone`. */
  readonly deadZone?: string;
}

const sourceShown = 2000;

/**
 * Captures a function. Throws UNSERIALIZABLE_CAPTURE or NESTED_DATASET for what cannot be shipped, with the path to it; what the function
 * does not use never matters.
 */
export function capture(f: Function, options: CaptureOptions): Capture {
  modulesMayHaveChanged();
  const functions = new FunctionEncoder();
  const encoder = new Encoder(options, functions);
  functions.attach(encoder);
  let closure: CapturedClosure = { root: undefined, nodes: [], scripts: [] };
  let deadZone: string | undefined;
  try {
    const root = encoder.encode(f);
    encoder.settleWeak();
    closure = finish(root, encoder, functions);
  } catch (error) {
    if (error instanceof SharedRow) return capture(f, { ...options, keepsNodes: true });
    deadZone = onFailure(error, encoder, options);
  }
  const root = isRef(closure.root) ? functions.drafts.get(closure.root.n) : undefined;
  const source = root?.facts.source ?? Function.prototype.toString.call(f);
  return {
    closure,
    names: root?.entries.map(({ variable, bytes, type }) => ({ name: variable.name, bytes, type })) ?? [],
    references: encoder.references,
    modules: [...encoder.modules],
    warnings: functions.warnings.list,
    bulk: [...encoder.bulk.values()],
    answersUnseen: root?.facts.answersUnseen ?? true,
    place: encoder.place ?? { file: '<native>', line: 1, column: 1 },
    source: source.length > sourceShown ? `${source.slice(0, sourceShown)}…` : source,
    ...(deadZone === undefined ? {} : { deadZone }),
  };
}

/** Answers the name of a variable in its dead zone, where that is allowed; throws everything else in the user's terms. */
function onFailure(error: unknown, encoder: Encoder, options: CaptureOptions): string {
  const { operation } = options;
  const { place } = encoder;
  if (error instanceof DeadZone) {
    if (options.allowDeadZone) return error.name;
    const reason = `'${error.name}', which has no value yet`;
    const remedy = `Declare ${error.name} before the line that uses it runs.`;
    throw new MillraceError('UNSERIALIZABLE_CAPTURE', { operation, reason, remedy, path: error.path, place });
  }
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    const remedy = 'Capture a flat array of the elements, or build the structure inside the function.';
    const path = encoder.path().slice(0, 200);
    throw new MillraceError('UNSERIALIZABLE_CAPTURE', {
      operation,
      reason: 'data that is nested too deeply',
      remedy,
      path,
      place,
    });
  }
  throw error;
}

/** Gives each function its script, now that it is known what leads to what. */
function finish(root: Encoded, encoder: Encoder, functions: FunctionEncoder): CapturedClosure {
  const { drafts } = functions;
  shareCells(encoder, functions);
  const nodes = encoder.nodes as PayloadNode[];
  const isLate = encoder.cyclic ? backEdges(nodes, drafts) : () => false;
  const guarded = guardedClasses(nodes, drafts);
  const scripts: ShippedScript[] = [];
  const numbers = new Map<ShippedScript, number>();
  for (const [n, draft] of drafts) {
    const script = scriptOf(draft.facts, {
      parameters: draft.entries.map((e) => ({
        variable: e.variable,
        cell: e.shared?.written === true,
        late: isLate(n, e.value),
      })),
      inferredName: draft.inferredName,
      takesArguments: draft.facts.argumentsIndex >= 0,
      guarded: guarded.has(n),
    });
    let number = numbers.get(script);
    if (number === undefined) {
      number = scripts.push(script) - 1;
      numbers.set(script, number);
    }
    nodes[n] = { ...draft.node, script: number, args: draft.entries.map((e) => e.value) } as PayloadNode;
  }
  nameClasses(nodes, scripts, drafts);
  return { root, nodes, scripts };
}

/** Variables that a shipped function assigns become cells, which all their users share; others are shipped by value. */
function shareCells(encoder: Encoder, functions: FunctionEncoder): void {
  for (const shared of functions.shared) if (shared.written) shared.node = encoder.add({ t: 'cell', value: shared.value });
  for (const draft of functions.drafts.values()) {
    for (const entry of draft.entries) if (entry.shared?.node !== undefined) entry.value = entry.shared.node;
  }
}

/** Whether a captured value leads back to the function that captures it, so that it can be set only after the function exists. */
function backEdges(nodes: readonly PayloadNode[], drafts: ReadonlyMap<number, Draft>): (n: number, value: Encoded) => boolean {
  const graph = nodes.map((node, n) => {
    const draft = drafts.get(n);
    return draft ? [draft.node, draft.entries.map((e) => e.value)] : node;
  });
  const { of, selfLoops } = components(graph);
  return (n, value) => isRef(value) && of[value.n] === of[n] && (value.n !== n || selfLoops.has(n));
}

/** Classes whose chain of parents has #private parts: making an instance runs through all of their constructors. */
function guardedClasses(nodes: readonly PayloadNode[], drafts: ReadonlyMap<number, Draft>): Set<number> {
  const guarded = new Set<number>();
  for (const [n, draft] of drafts) {
    if (!draft.facts.class) continue;
    const chain: number[] = [];
    for (let at: Encoded = { n }; isRef(at) && nodes[at.n]?.t === 'class'; at = (nodes[at.n] as ClassNode).parent)
      chain.push(at.n);
    if (chain.some((c) => drafts.get(c)?.facts.class?.hasPrivates)) for (const c of chain) guarded.add(c);
  }
  return guarded;
}

function nameClasses(nodes: readonly PayloadNode[], scripts: readonly ShippedScript[], drafts: ReadonlyMap<number, Draft>): void {
  for (const [n, draft] of drafts) {
    const node = nodes[n];
    if (!draft.facts.class || node.t !== 'class') continue;
    const { members, hash } = groupOf(n, nodes, scripts);
    node.group = members;
    node.key = `${sessionKeyOf(draft.value)}~${hash}`;
  }
}
