// What was left out of a job is planned once it may have to run: a persisted partition is lost, or a fetch behind it fails.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StageSpec } from '../../../runtime/planner/stage-spec';
import { Play, stage, success } from '../../helpers/dag-play';

const test = suite('deferred stages');

/** A job whose last stage relied on dataset 7, which two executors hold; what lies behind is planned when it is asked for. */
function relying(play: Play): { readonly asked: boolean[] } {
  play.join('a');
  play.join('b');
  const asked: boolean[] = [];
  const last = stage(1, 2, { blocks: [[[7, 0]], [[7, 1]]], deferred: [[7, 2]] });
  const behind = (spec: StageSpec, all: boolean): readonly StageSpec[] => {
    asked.push(all);
    return [stage(2, 1, { shuffleId: 5 }), { ...spec, deferred: undefined, parents: [{ stageId: 2, guards: [[7, 2]] }] }];
  };
  const held = (partition: number) => ({ rddId: 7, partition, bytes: 1, diskBytes: 0 });
  for (const launch of play.tell({ kind: 'jobSubmitted', job: { jobId: 0, stages: [stage(0, 2)] } }))
    play.end(launch, success({ cached: [held(launch.task.partition)] }));
  play.tell({ kind: 'jobSubmitted', job: { jobId: 1, stages: [last], behind } });
  return { asked };
}

test('what was left out behind a persisted dataset is planned once a partition of it is lost', () => {
  const play = new Play();
  const { asked } = relying(play);
  assert.equal(asked, []);
  assert.equal(
    play.launches.map(({ task }) => task.stageId),
    [1, 1],
  );
  play.tell({ kind: 'executorLost', executorId: 'a', reason: 'killed' });
  play.join('c');
  assert.equal(asked, [false]);
  const [writer] = play.launches.length > 0 ? play.launches : play.tell({ kind: 'localityExpired' });
  assert.is(writer.task.stageId, 2);
});

test('a fetch that fails behind a persisted dataset has all of it planned', () => {
  const play = new Play();
  const { asked } = relying(play);
  const [first] = play.launches;
  play.end(first, { kind: 'fetchFailed', shuffleId: 5, mapIndex: -1, writer: -1, reason: 'the partition was evicted' });
  assert.equal(asked, [true]);
  assert.ok(play.launches.some(({ task }) => task.stageId === 2));
});

test.run();
