// Draws random programs, judges them by the model, and shrinks those that differ.

import { Random } from '../../runtime/base/time';
import type { Context } from '../../runtime/index';
import { canonical, unordered } from '../helpers/model';
import { within } from '../helpers/within';
import { always, onAll, onSomePairs } from './asked';
import { type Action, advance, answers, begin, type Program, type Rows, type State, type Step, suits } from './program';
import { type Draw, onPairs, onRows, sources } from './steps';
import { pick } from './values';

const mostSteps = 12;
const mostActions = 4;
/** Generous: the machine may be starved, and Apache Spark may be starting. */
const programMs = 60_000;

/** The programs of a seed are the same each time; steps that do not suit are left out. */
export function draw(seed: number, sc: Context): { program: Program; state: State } {
  const random = new Random(seed);
  const source = pick(random, sources)(random, undefined as never);
  let state = begin(source, sc);
  const steps: Step[] = [];
  for (let left = random.below(mostSteps) + 1; left > 0; left--) {
    const table = state.shape.kind === 'pairs' && random.below(3) > 0 ? onPairs : onRows;
    const step = pick<Draw>(random, table)(random, state.model);
    const next = advance(state, step, sc);
    if (!next) continue;
    state = next;
    steps.push(step);
  }
  const actions = [...always];
  const asked = state.shape.kind === 'pairs' && !state.model.isEmpty() ? [...onAll, ...onSomePairs] : onAll;
  for (let left = mostActions - 1; left > 0; left--) {
    const action = pick(random, asked)(random, state.model);
    if (suits(action, state.shape, state.model)) actions.push(action);
  }
  return { program: { source, steps, actions }, state };
}

type Judge = (got: unknown, expected: unknown, state: State) => boolean;
const number = (v: unknown) => v as number;
const same: Judge = (a, b) => canonical(a) === canonical(b);
const sameBag: Judge = (a, b) => canonical(unordered(a as unknown[])) === canonical(unordered(b as unknown[]));

const judges: Record<Action['compare'], Judge> = {
  exact: same,
  unordered: sameBag,
  byOrder: (a, b, state) => (state.shape.order === 'none' ? sameBag : same)(a, b, state),
  close: (a, b) => same(a, b, undefined as never) || Math.abs(number(a) - number(b)) <= 1e-6 * (1 + Math.abs(number(b))),
  near: (a, b) => Math.abs(number(a) - number(b)) <= Math.max(2, 0.06 * number(b)),
};

/** The difference that an action shows, as text. */
async function difference(action: Action, state: State, sc: Context): Promise<string | undefined> {
  try {
    const [got, expected] = await within(programMs, answers(action, state, sc), 'the program');
    if (judges[action.compare](got, expected, state)) return undefined;
    return `gave     ${canonical(got).slice(0, 600)}\n  expected ${canonical(expected).slice(0, 600)}`;
  } catch (error) {
    return (error as Error).stack ?? String(error);
  }
}

interface Failure {
  readonly action: Action;
  readonly difference: string;
}

/** The first action whose answers differ. */
export async function failureOf({ actions }: Program, state: State, sc: Context): Promise<Failure | undefined> {
  for (const action of actions) {
    const found = await difference(action, state, sc);
    if (found) return { action, difference: found };
  }
  return undefined;
}

/** The state at the end of a program; undefined where it is none, because a step before was left out. */
function stateOf({ source, steps, actions }: Program, sc: Context): State | undefined {
  let state: State | undefined = begin(source, sc);
  for (const step of steps) {
    state = state && advance(state, step, sc);
    if (!state) return undefined;
  }
  return actions.every((action) => suits(action, state!.shape, state!.model)) ? state : undefined;
}

const without = <T>(list: readonly T[], from: number, n = 1): T[] => [...list.slice(0, from), ...list.slice(from + n)];

function* fewerRows<F extends Step>(fragment: F): Generator<F> {
  const others = fragment.others ?? [];
  for (let i = 0; i < others.length; i++) {
    const put = (changed: Rows): F => ({ ...fragment, others: others.map((other, j) => (j === i ? changed : other)) });
    const { rows, slices } = others[i];
    if (slices > 1) yield put({ rows, slices: 1 });
    for (let n = Math.ceil(rows.length / 2); n > 0; n = n === 1 ? 0 : Math.ceil(n / 2))
      for (let from = 0; from < rows.length; from += n) yield put({ rows: without(rows, from, n), slices });
  }
}

/** Programs that are a little smaller. */
function* smaller(program: Program): Generator<Program> {
  const { source, steps } = program;
  for (let i = steps.length - 1; i >= 0; i--) yield { ...program, steps: without(steps, i) };
  for (const fewer of fewerRows(source)) yield { ...program, source: fewer };
  for (let i = 0; i < steps.length; i++)
    for (const fewer of fewerRows(steps[i])) yield { ...program, steps: steps.map((step, j) => (j === i ? fewer : step)) };
}

const mostShrinks = 400;

/** The smallest program found that still differs, with one action. */
export async function shrink(program: Program, { action, ...first }: Failure, sc: Context): Promise<[Program, string]> {
  let best: Program = { ...program, actions: [action] };
  let found = first.difference;
  let left = mostShrinks;
  for (let shrunk = true; shrunk && left > 0; ) {
    shrunk = false;
    for (const candidate of smaller(best)) {
      if (--left < 0) break;
      const state = stateOf(candidate, sc);
      const failure = state && (await failureOf(candidate, state, sc));
      if (!failure) continue;
      best = candidate;
      found = failure.difference;
      shrunk = true;
      break;
    }
  }
  return [best, found];
}
