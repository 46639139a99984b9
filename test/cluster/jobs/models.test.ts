// Pregel and iterations on executors that die midway: exact, and only the lineage since the last cut is recomputed.
// time limit: 120 s
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Context } from '../../../runtime/index';
import { iterate, type PregelResult, pregel, type SuperstepReport } from '../../../runtime/models';
import { watchLeaks } from '../../helpers/leaks';
import { distances, type Edge } from '../../helpers/naive-models';
import { engineExecutor } from '../../helpers/pool';
import { openSession, type Session } from '../../helpers/session';
import { until, within } from '../../helpers/within';

const test = suite('models and faults');
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

const size = 40;
const vertices = Array.from({ length: size }, (_, i) => i);
/** A long line with a few chords, so that messages need many supersteps. */
const edges: Edge[] = vertices.flatMap((i): Edge[] => [
  [i, (i + 1) % size, 1],
  [i, (i * 7 + 3) % size, 25],
]);

interface Faults {
  readonly onSuperstep?: (report: SuperstepReport<Record<string, never>>) => unknown;
  /** Called in the vertex program; captured. */
  readonly inCompute?: (superstep: number, id: number) => void;
}

function shortestPaths(sc: Context, { onSuperstep, inCompute = () => {} }: Faults) {
  return pregel(
    sc.parallelize(
      vertices.map((id) => [id, Number.POSITIVE_INFINITY] as [number, number]),
      4,
    ),
    sc.parallelize(edges as [number, number, number][], 4),
    {
      compute(vertex, messages: readonly number[]) {
        inCompute(vertex.superstep, vertex.id);
        const least = vertex.superstep === 0 && vertex.id === 0 ? 0 : Math.min(vertex.value, ...messages);
        if (least < vertex.value) {
          vertex.value = least;
          for (const [target, length] of vertex.edges) vertex.send(target, least + length);
        }
        vertex.voteToHalt();
      },
      onSuperstep,
    },
  );
}

async function checkExact(result: PregelResult<number, number, unknown>): Promise<void> {
  assert.ok(result.halted);
  const found = (await result.vertices.collect()).sort(([a], [b]) => a - b);
  assert.equal(found, [...distances(vertices, edges)]);
}

function onExecutors(name: string, body: (session: Session) => Promise<void>): void {
  test(name, async () => {
    const session = await openSession(2);
    try {
      await within(60_000, body(session), name);
    } finally {
      await session.stop();
    }
  });
}

onExecutors('an executor killed between supersteps, before and after a cut of the lineage', async ({ sc, pids, allThere }) => {
  let killed = 0;
  const result = await shortestPaths(sc, {
    async onSuperstep({ superstep }) {
      if (superstep !== 4 && superstep !== 9 && superstep !== 13) return;
      await allThere();
      const [pid] = pids();
      process.kill(pid, 'SIGKILL');
      killed++;
      await until(5000, () => !pids().includes(pid), 'the end of the executor');
    },
  });
  assert.is(killed, 3);
  await checkExact(result);
});

onExecutors('an executor that dies while a vertex computes', async ({ sc, notes, noted }) => {
  const result = await shortestPaths(sc, {
    inCompute: (superstep, id) => {
      if (superstep !== 3 || id < 3) return;
      try {
        writeFileSync(`${notes}/died`, '', { flag: 'wx' });
      } catch {
        return;
      }
      process.kill(process.pid, 'SIGKILL');
    },
  });
  assert.equal(noted('died'), ['died']);
  await checkExact(result);
});

onExecutors('all executors at once, in the middle of an iteration', async ({ sc, pids, allThere }) => {
  let killed = 0;
  const rounds = 14;
  const steps = vertices.map((i) => [i, i] as [number, number]);
  const result = await iterate(
    sc.parallelize(
      steps.map(([i]) => [i, 0] as [number, number]),
      4,
    ),
    {
      invariant: sc.parallelize(steps, 3),
      async body(state, invariant, round) {
        if (round === 6) {
          await allThere();
          for (const pid of pids()) {
            process.kill(pid, 'SIGKILL');
            killed++;
          }
        }
        return state.join(invariant).mapValues(([sum, step]) => sum + step);
      },
      maxIterations: rounds,
    },
  );
  assert.is(killed, 2);
  const sums = (await result.state.collect()).sort(([a], [b]) => a - b);
  assert.equal(
    sums,
    vertices.map((i) => [i, i * rounds]),
  );
});

test('leaves nothing behind', () => leaks.check());

test.run();
