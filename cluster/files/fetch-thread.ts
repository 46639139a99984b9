// The thread that fetches: it asks stores on behalf of a process whose main thread waits or goes on meanwhile.
import { type MessagePort, workerData } from 'node:worker_threads';
import { HttpStore } from './http-store';
import { type Answered, type Asking, failureOf, type Question, urlOf } from './messages';
import type { StoreVariables } from './s3-account';
import { S3Store } from './s3-store';
import type { Store } from './store';
import { WebHdfsStore } from './webhdfs-store';

export interface ThreadData {
  readonly variables: StoreVariables;
  /** Counts the answers that wait at `now`, and the beats of this thread. */
  readonly signal: SharedArrayBuffer;
  /** Of a caller that waits. */
  readonly now: MessagePort;
  /** Of one that goes on. */
  readonly later: MessagePort;
}

/** A caller that waits looks every second. */
const beatMs = 250;

class FetchThread {
  readonly #s3: Store;
  readonly #hdfs: Store;
  readonly #http = new HttpStore();

  constructor(variables: StoreVariables) {
    this.#s3 = new S3Store(variables);
    this.#hdfs = new WebHdfsStore(variables);
  }

  async answer(question: Question): Promise<unknown> {
    const url = urlOf(question);
    const store = /^s3/i.test(url) ? this.#s3 : /^http/i.test(url) ? this.#http : this.#hdfs;
    switch (question.op) {
      case 'find':
        return store.find(url, question.heads);
      case 'read':
        return store.read(question.file, question.position, question.length);
      case 'copy':
        return this.#http.copy(question.file, question.to);
      case 'begin':
        return store.begin(url);
      case 'piece':
        return store.piece(url, question.upload, question.number, question.bytes);
      case 'abandon':
        return store.abandon(url, question.upload);
      case 'hasFolder':
        return store.hasFolder(url);
      case 'commit':
        return store.commit(url, question.parts);
      case 'abort':
        return store.abort(url);
    }
  }

  serve(port: MessagePort, told: () => void): void {
    port.on('message', ({ id, question }: Asking) => {
      const post = (answer: Answered) => {
        port.postMessage(answer);
        told();
      };
      this.answer(question).then(
        (value) => post({ id, value }),
        (error) => post({ id, failure: failureOf(error) }),
      );
    });
  }
}

function main(): void {
  const { variables, signal, now, later } = workerData as ThreadData;
  const count = new Int32Array(signal);
  const thread = new FetchThread(variables);
  thread.serve(now, () => {
    Atomics.add(count, 0, 1);
    Atomics.notify(count, 0);
  });
  thread.serve(later, () => {});
  setInterval(() => Atomics.add(count, 1, 1), beatMs).unref();
}

main();
