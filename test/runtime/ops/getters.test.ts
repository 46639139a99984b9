// Promises that getters give to steps that do not await them.
import { suite } from 'uvu';
import { connect } from '../../../cluster/connect';
import type { Context, RDD } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('getters');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

test('a promise that a getter gives is refused', async () => {
  class Row {
    constructor(readonly n: number) {}
    get later(): any {
      return Promise.resolve(this.n);
    }
  }
  const rows = sc.range(3).map((n) => new Row(n));
  const steps: RDD<unknown>[] = [
    rows.map((r) => r.later),
    rows.map(({ later }) => later),
    rows.map((r) => (r.n > 5 ? 0 : r.later)),
    rows.map((r) => {
      const found = r.later;
      return found;
    }),
    rows.keyBy((r) => r.later),
    rows.map((r) => [1, r] as [number, Row]).mapValues((r) => r.later),
  ];
  for (const step of steps) await errorOf('PROMISE_NOT_AWAITED', () => step.map((x) => `${x}`).collect());
});

test.run();
