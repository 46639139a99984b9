// A stream's driver is killed again and again: with a checkpoint and a replayable source no state is lost, doubled or reordered.
import { suite } from 'uvu';
import { killDrivers } from '../../helpers/killed-drivers';
import { size } from '../../helpers/sizes';

const test = suite('killed stream drivers');

const seed = Number(process.env.MILLRACE_SEED ?? 5);

test(`killed at any moment, seed ${seed}`, () => {
  const master = (run: number) => (run % 3 === 0 ? 'local[2]' : 'local');
  return killDrivers({ seed, kills: size(6, 30), batches: size(60, 300), master });
});

test.run();
