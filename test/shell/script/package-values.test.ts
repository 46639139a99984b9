// What packages make and a script holds: it ships as a copy, or as an export of the user's own module, or is refused with what to do.
// time limit: 240 s
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { file, folder, millrace } from '../../helpers/scripts';

/** Each export holds its state in a way of its own that packages are known for. */
const packageText = `
const isBrowser = typeof window !== 'undefined' && typeof document !== 'undefined'
let calls = 0
const cache = new Map()
const registry = new WeakMap()
class Late {
  constructor(n) {
    if (!Late.prototype.twice) Late.prototype.twice = function () { return this.n * 2 }
    this.n = n
  }
}
class Arrow {
  constructor(n) { this.n = n; this.add = (x) => x + this.n }
}
class Registered {
  constructor(n) { registry.set(this, n) }
  get() { return registry.get(this) }
}
const counter = () => { let n = 0; return (x) => { calls++; n++; cache.set(x, n); return isBrowser ? -1 : x + 1 } }
module.exports = { Late, counter, makeArrow: (n) => new Arrow(n), makeRegistered: (n) => new Registered(n) }
`;

const folderOfPackage = path.join(folder, 'node_modules/odd-values');
mkdirSync(folderOfPackage, { recursive: true });
file('node_modules/odd-values/package.json', JSON.stringify({ name: 'odd-values', version: '1.0.0', types: 'index.d.ts' }));
file('node_modules/odd-values/index.js', packageText);
file(
  'node_modules/odd-values/index.d.ts',
  `export declare class Late { constructor(n: number); n: number; twice(): number }
export declare const counter: () => (x: number) => number
export declare const makeArrow: (n: number) => { add(x: number): number }
export declare const makeRegistered: (n: number) => { get(): number }
`,
);
symlinkSync(path.dirname(require.resolve('zod/package.json')), path.join(folder, 'node_modules/zod'));

file(
  'made.ts',
  `import { Late, makeArrow } from 'odd-values'
import { z } from 'zod'
export const late = new Late(4)
export const arrow = makeArrow(5)
export const schemas = { user: z.object({ id: z.number(), name: z.string().min(2) }), list: { ids: z.array(z.number()) } }
export const settings = { limit: 1 }
`,
);

interface Run {
  readonly text: string;
  readonly out?: string;
  readonly err?: RegExp;
  /** What it prints before it fails. */
  readonly says?: string;
}

/** PACKAGE_INSTANCE, or a refusal when the function is captured. */
const refused = /→ Make (it|the instance) in a module of your own and import it from there, or make it inside the function/;

const runs: Readonly<Record<string, Run>> = {
  'an instance whose state is in a WeakMap of the package': {
    text: "import { makeRegistered } from 'odd-values'\nconst r = makeRegistered(7)\nconsole.log(await sc.range(2).map(x => x + r.get()).collect())",
    out: '[ 7, 8 ]\n',
  },
  'a function with caches, written for browsers as well: no warning about what its package does': {
    text: "import { counter } from 'odd-values'\nconst count = counter()\nconsole.log(await sc.range(2).map(x => count(x)).collect())",
    out: '[ 1, 2 ]\n',
  },
  'an instance whose class gets its methods late': {
    text: "import { Late } from 'odd-values'\nconst late = new Late(4)\nconsole.log(await sc.range(2).map(x => x + late.twice()).collect())",
    err: /A function captures an instance of Late, .*it has no twice on this executor[\s\S]*→ Make the instance in a module/,
  },
  'an arrow function of a package that uses `this`': {
    text: "import { makeArrow } from 'odd-values'\nconst arrow = makeArrow(5)\nconsole.log(await sc.range(2).map(x => arrow.add(x)).collect())",
    err: /captures `this` of a function that Millrace did not compile/,
  },
  'a schema of zod': {
    text: "import { z } from 'zod'\nconst User = z.object({ id: z.number() })\nconsole.log(await sc.parallelize([{ id: 1 }, { id: 'x' }]).map(r => User.safeParse(r).success).collect().catch(error => { console.log(error.code); throw error }))",
    says: 'PACKAGE_INSTANCE',
    err: /A function captures an instance of ZodObject/,
  },
  'a schema that is made inside of the function': {
    text: "import { z } from 'zod'\nconsole.log(await sc.parallelize([{ id: 1 }, { id: 'x' }]).mapPartitions(rows => { const User = z.object({ id: z.number() }); return [...rows].map(r => User.safeParse(r).success) }).collect())",
    out: '[ true, false ]\n',
  },
  'what a module of the user makes of packages': {
    text: "import { arrow, late, schemas } from './made'\nconsole.log(await sc.parallelize([{ id: 1, name: 'ann' }, { id: 2, name: '' }]).map(r => [schemas.user.safeParse(r).success, schemas.list.ids.safeParse([r.id]).success, late.twice(), arrow.add(r.id)]).collect())",
    out: '[ [ true, true, 8, 6 ], [ false, true, 8, 7 ] ]\n',
  },
  'plain data of a module: as it is when the function is made': {
    text: "import { settings } from './made'\nvoid (settings.limit = 3)\nconsole.log(await sc.range(2).map(x => x + settings.limit).collect())",
    out: '[ 3, 4 ]\n',
  },
};

for (const [name, { text, out, err, says }] of Object.entries(runs)) {
  test(name, async () => {
    const script = file('run.ts', text);
    const result = await millrace(['--master', 'local[1]', script]);
    if (out !== undefined) assert.equal({ out: result.out, err: result.err }, { out, err: '' });
    if (err) {
      assert.match(result.err, err);
      assert.match(result.err, refused);
      assert.is(result.out.trim(), says ?? '');
    }
    assert.is(result.status, err ? 1 : 0);
  });
}

test.run();
