// What cannot travel, and what travels but does not do what it seems to: each refused or warned about.
import fs from 'node:fs';
import net from 'node:net';
import type { Cases } from './types';

export const cases: Cases = {
  socket: () => {
    const conn = new net.Socket();
    return { f: (x: any) => conn.write(x), refused: /an open socket\.\n {2}path: closure → captured conn$/ };
  },
  'open file handle': async () => {
    const fh = await fs.promises.open('/etc/hostname');
    setTimeout(() => fh.close(), 500);
    return { f: () => fh.fd, refused: /an open file handle/ };
  },
  'the context': () => {
    class Context {
      get [Symbol.for('millrace.driverOnly')]() {
        return 'the context sc';
      }
    }
    const sc: any = new Context();
    return { f: () => sc.parallelize([1]), refused: /^the context sc was used/ };
  },
  'RDD inside helper inside object': () => {
    class RDD {
      get [Symbol.for('millrace.driverOnly')]() {
        return 'an RDD';
      }
    }
    const deep = { conf: { rdd: new RDD() } };
    const h = () => deep.conf.rdd;
    return { f: () => h(), refused: /^an RDD was used inside a function/ };
  },
  Promise: () => {
    const p = Promise.resolve(1);
    return { f: () => p, refused: /a promise/ };
  },
  WeakRef: () => {
    const w = new WeakRef({});
    return { f: () => w, refused: /WeakRef/ };
  },
  Proxy: () => {
    const p = new Proxy({}, {});
    return { f: () => p, refused: /Proxy/ };
  },
  'running generator': () => {
    const it = (function* () {
      yield 1;
    })();
    return { f: () => it.next(), refused: /generator/ };
  },
  'write stream': () => {
    const s = process.stdout;
    return { f: () => s.write(''), refused: /a live stream|an open socket/ };
  },
  'warned: counter += in foreach': () => {
    // biome-ignore lint/correctness/noUnusedVariables: users may write it, and it is the case
    let counter = 0;
    return {
      f: (x: number) => {
        counter += x;
      },
      args: [1],
      warns: ['assigned counter'],
    };
  },
  'warned: via helper': () => {
    // biome-ignore lint/correctness/noUnusedVariables: users may write it, and it is the case
    let counter = 0;
    const inc = () => {
      counter++;
    };
    return { f: () => inc(), warns: ['assigned counter'] };
  },
  'warned: captured array push': () => {
    const seen: number[] = [];
    return {
      f: (x: number) => {
        seen.push(x);
      },
      args: [1],
      warns: ['mutated seen'],
    };
  },
  'not warned: for local mutation': () => ({
    f: (xs: number[]) => {
      let s = 0;
      const o: number[] = [];
      for (const x of xs) {
        s += x;
        o.push(s);
      }
      return o;
    },
    args: [[1, 2, 3]],
    warns: [],
  }),
};
