// What tests of errors share: a context with small results, a folder, and a next job that is right after each error.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context, RDD } from '../../runtime/index';
import { masterOf } from './master';

export class ErrorSession {
  sc!: Context;
  folder!: string;

  /** Opens before the first test of the suite, and closes after the last. */
  constructor(test: Test) {
    test.before(async () => {
      this.sc = await connect(masterOf('local'), { config: { maxResultBytes: 1 << 20 } });
      this.folder = mkdtempSync(join(tmpdir(), 'errors-'));
    });
    test.after.each(async () => {
      assert.is(await this.sc.range(0, 10, 1, 3).sum(), 45);
    });
    test.after(async () => {
      await this.sc.stop();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  numbers = () => this.sc.parallelize([1, 2, 3], 3);
}

export const asPairs = (rdd: RDD<any>) => rdd as RDD<[any, any]>;
