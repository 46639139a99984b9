// The driver of a stream on Spark is killed again and again, Spark with it: the next one goes on from the checkpoint, exactly.
// time limit: 400 s
import { suite } from 'uvu';
import { killDrivers } from '../helpers/killed-drivers';
import { size } from '../helpers/sizes';

const test = suite('killed stream drivers on Spark');

const seed = Number(process.env.MILLRACE_SEED ?? 7);

test(`killed at any moment, also before a run on executors of our own, seed ${seed}`, () => {
  const master = (run: number) => (run === 1 ? 'local[2]' : 'spark-local[2]');
  return killDrivers({ seed, kills: size(2, 10), batches: size(20, 100), master });
});

test.run();
