// Random messages to a server: each is refused in the one way, or does no harm; the sessions beside go on, exact.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attach } from '../../../cluster/serve/attach';
import { placeOf } from '../../../cluster/serve/place';
import { checkToServer, checkToSession, type ToServer } from '../../../cluster/serve/protocol';
import { MillraceError } from '../../../runtime/base/errors';
import { idsPerSession } from '../../../runtime/base/limits';
import { Random } from '../../../runtime/base/time';
import { encodeDatasets, encodeJob } from '../../../runtime/plan/transfer';
import { Server } from '../../helpers/server';
import { size } from '../../helpers/sizes';

const test = suite('random messages');
const seed = Number(process.env.SEED ?? Date.now() % 1e6);

const kinds = [
  'attach resume read blob dropBlobs define run cancel release open terminal ask welcome resumed turnedAway answer updates event state',
  'ended published windows batch notice output told refused other',
].flatMap((line) => line.split(' '));
const questions = 'sessions uses publish unpublish beginWindow addBatch endWindow other'.split(' ');
const fields = [
  'visitor session key read messages id ids job heard reason what dataset name question slots master graceMs partition',
  'records stageIds window time text line stream isThere sharesFolder keeps number by extra',
].flatMap((line) => line.split(' '));

class Messages {
  readonly #random: Random;
  readonly #first: number;

  constructor(random: Random, first: number) {
    this.#random = random;
    this.#first = first;
  }

  #of<T>(all: readonly T[]): T {
    return all[this.#random.below(all.length)];
  }

  /** A number of this session, of another one, or none at all. */
  number(): number {
    const small = this.#random.below(4);
    return this.#of([small, this.#first + small, idsPerSession + small, -1, 0.5, Number.NaN, 2 ** 53, small]);
  }

  value(depth = 0): unknown {
    switch (this.#random.below(depth > 2 ? 6 : 9)) {
      case 0:
      case 1:
        return this.number();
      case 2:
        return this.#of(['', 'a', 'pages', 'closure-0', `broadcast-${idsPerSession}`, 'x'.repeat(300), '__proto__']);
      case 3:
        return this.#of([true, false]);
      case 4:
        return this.#of([null, undefined, new Date(0), 1n]);
      case 5:
        return this.#of(['dataset', 'persisted', 'shuffle', 'checkpoint', 'state', 'blob']);
      case 6:
        return Array.from({ length: this.#random.below(3) }, () => this.value(depth + 1));
      default:
        return this.record(depth + 1);
    }
  }

  record(depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    if (this.#random.below(2) === 0) made['kind'] = this.#of([...questions, 'dataset', 'persisted']);
    for (let n = this.#random.below(5); n > 0; n--) made[this.#of(fields)] = this.value(depth);
    return made;
  }

  /** Often one that is nearly right. */
  message(): Record<string, unknown> {
    const [number, name] = [this.number(), this.#of(['pages', '', 'kept'])];
    const likely: Record<string, unknown>[] = [
      { kind: 'run', job: number, heard: true },
      { kind: 'define' },
      { kind: 'cancel', job: number, reason: '' },
      { kind: 'release', what: { kind: this.#of(['dataset', 'persisted', 'shuffle', 'checkpoint', 'state']), id: number } },
      { kind: 'open', dataset: number, name },
      { kind: 'blob', id: this.#of([`dataset-${this.#first}.0`, 'closure-0', `dataset-${idsPerSession}.0`]) },
      { kind: 'ask', question: { kind: 'unpublish', name } },
      { kind: 'ask', question: { kind: 'endWindow', window: number } },
      { kind: 'ask', question: { kind: 'sessions' } },
      { kind: 'read', messages: number },
      { kind: this.#of(kinds), ...this.record(0) },
      { kind: this.#of(kinds) },
    ];
    const message = { ...this.#of(likely) };
    if (this.#random.below(3) === 0) message[this.#of(fields)] = this.value();
    if (this.#random.below(6) === 0) delete message[this.#of(Object.keys(message))];
    return message;
  }

  tail(): Uint8Array {
    const id = this.#first + this.#random.below(3);
    const splits = { kind: 'range', start: 0, step: 1, length: 3 } as const;
    const node = {
      id,
      operation: 'range',
      dependencies: [],
      partitions: 1,
      splits,
      fragment: { op: 'range' } as const,
      functions: [],
    };
    const job = {
      root: id,
      sink: { kind: 'count' } as const,
      functions: [],
      partitions: [0],
      title: '',
      properties: {},
      files: {},
    };
    const bytes = this.#of([encodeDatasets([node]), encodeJob(job), new Uint8Array(this.#random.below(40))]).slice();
    for (let n = this.#random.below(3); n > 0 && bytes.length > 0; n--)
      bytes[this.#random.below(bytes.length)] = this.#random.below(256);
    return bytes;
  }
}

test('a message is what its kind says, or fails with PROTOCOL', () => {
  const messages = new Messages(new Random(seed), 7 * idsPerSession);
  let taken = 0;
  for (let i = 0; i < size(20_000, 500_000); i++) {
    const message = i % 50 === 0 ? messages.value() : messages.message();
    for (const check of [checkToServer, checkToSession]) {
      try {
        const { kind } = check(message);
        assert.is(kind, (message as { kind: string }).kind);
        taken++;
      } catch (e) {
        if (!(e instanceof MillraceError) || e.code !== 'PROTOCOL') throw new Error(`SEED=${seed}, message ${i}: ${e}`);
      }
    }
  }
  assert.ok(taken > 1000, `SEED=${seed}: ${taken}`);
});

test('whatever a session sends, the server lives and the others are exact', async () => {
  const server = await Server.start();
  const sc = await server.session();
  const kept = sc.range(0, 5, 1, 2).cache();
  await kept.publish('kept', {}, 'number');
  const random = new Random(seed);
  let ended = 0;
  for (let session = 0; session < size(60, 2000); session++) {
    const link = await attach(placeOf(server.socket), { name: 'random', holds: true });
    const gone = new Promise<void>((resolve) => link.listen({ message: () => {}, gone: () => resolve(), notice: () => {} }));
    const messages = new Messages(random, link.welcome.session * idsPerSession);
    for (let i = 0; i < 6; i++) link.send(messages.message() as unknown as ToServer, messages.tail());
    // Each session is refused for one of them, or answers still.
    const answers = link.ask({ kind: 'sessions' }).then(
      () => 'answered',
      () => 'refused',
    );
    if ((await Promise.race([answers, gone.then(() => 'gone')])) !== 'answered') ended++;
    link.close();
  }
  assert.ok(ended > 10, `SEED=${seed}: ${ended}`);
  assert.is(await kept.sum(), 10, `SEED=${seed}`);
  assert.equal(
    sc.published().map(({ name }) => name),
    ['kept'],
  );
  assert.is(await sc.range(0, 100, 1, 4).count(), 100);
  await server.stop();
});

test.run();
