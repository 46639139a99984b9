// Emits the text of a stage's loops, from its sources to what is done with each element.
import { MillraceError } from '../base/errors';
import { fusedSteps } from '../base/limits';
import { keyText } from '../columns/row-text';
import type { FunctionRef } from '../plan/function-ref';
import type { Plan, Split } from '../plan/program';
import type { NamedStep } from '../plan/step-failure';
import type { TableSpec } from '../plan/table-spec';
import { awaitsIn, awaitsOf, isFused } from './awaits';
import { inputOf } from './task-runtime';

/** How to combine the values of a key. */
interface Combining {
  readonly create?: FunctionRef;
  readonly merge: FunctionRef;
}

export type Body = (element: string) => string;

/** A row of a columnar table whose object is not made yet. */
interface LateRow {
  /** The names of its fields, and how the value of each is read. */
  readonly fields: ReadonlyMap<string, string>;
  /** The number of the row in its batch. */
  readonly index: string;
}

/** Columns of rows that are made of columns in the loops of a stage: more of them would make functions that V8 cannot optimize. */
export const mostLateColumns = 100;

/** Collects the text of one function, and the functions and plan nodes that the text refers to by number. */
export class Emitter {
  readonly functions: FunctionRef[] = [];
  readonly nodes: unknown[] = [];
  /** The marked steps: nodes of the plan, or the sink. */
  readonly steps: NamedStep[] = [];
  /** The text awaits something: its function is asynchronous. */
  isAsync = false;
  /** Steps whose element is a row that was not made: it is made again for the report of an error. */
  readonly rowSteps: number[] = [];
  /** A persisted dataset of which only some fields of the rows are read. */
  ofStored: { readonly plan: Plan & { op: 'cached' | 'stored' }; readonly names: readonly string[] } | undefined;
  /** Some loop goes over batches of columns. */
  hasBatches = false;
  /** What is done with a batch of columns at once, where that can be: the text of a condition. */
  atOnce: ((batch: string) => string) | undefined;
  /** What is done with many rows of a batch at once, before each that is left: the texts before its loop and within it. */
  manyAtOnce: { before(batch: string): string; each(row: string, end: string): string } | undefined;
  readonly #late = new Map<string, LateRow>();
  #names = 0;
  #fused = 0;

  constructor(readonly passOn = '') {}

  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  fn(ref: FunctionRef): string {
    this.functions.push(ref);
    return `F${this.functions.length - 1}`;
  }

  node(value: unknown): string {
    this.nodes.push(value);
    return `N${this.nodes.length - 1}`;
  }

  /** Notes which step runs and on what, for the report of an error. */
  mark(step: NamedStep, element: string): string {
    return `${this.marking(step, element)};`;
  }

  /** The same as an expression. */
  marking(step: NamedStep, element: string): string {
    this.steps.push(step);
    const at = this.steps.length - 1;
    const late = this.#late.get(element);
    if (!late) return `at=${at},el=${element}`;
    this.rowSteps.push(at);
    return `at=${at},row=${late.index}`;
  }

  /** Makes the object of a row, where it is not made yet: one of these fields if they are given, else of all. */
  made(x: string, reads?: readonly string[]): { readonly text: string; readonly row: string } {
    const late = this.#late.get(x);
    if (!late) return { text: '', row: x };
    const row = this.name('row');
    const fields = [...late.fields].filter(([name]) => !reads || reads.includes(name));
    return { text: `const ${row}={${fields.map(([name, value]) => `${keyText(name)}:${value}`).join(',')}};`, row };
  }

  /** A body for elements that are there, around one that may get a row that is not made. */
  whole(body: Body): Body {
    return (x) => {
      const { text, row } = this.made(x);
      return text + body(row);
    };
  }

  /** Loops over an array that needs ticks of its own. */
  array(array: string, body: Body): string {
    const [i, n, e, x] = [this.name('i'), this.name('n'), this.name('e'), this.name('x')];
    return `for(let ${i}=0,${n}=${array}.length;${i}<${n};){const ${e}=pulse.slice(${i},${n});pulse.tick(${e}-${i});
for(;${i}<${e};${i}++){const ${x}=${array}[${i}];${body(x)}}}\n`;
  }

  chunks(chunks: string, body: Body): string {
    const c = this.name('c');
    return `for(const ${c} of ${chunks}){${this.array(c, body)}${this.passOn}}\n`;
  }

  /** Loops over what the user's function returned: an array, or another iterable taken an element at a time. */
  iterable(expression: string, operation: string, mark: string, body: Body): string {
    const [ys, rest, i, y] = [this.name('ys'), this.name('r'), this.name('i'), this.name('y')];
    return `let ${rest}=null,${ys}=${expression};if(!Array.isArray(${ys})){${rest}=rt.chunksOf(${ys},${JSON.stringify(operation)});${mark}${ys}=${rest}.next()}
while(${ys}!==null){for(let ${i}=0;${i}<${ys}.length;${i}++){const ${y}=${ys}[${i}];${body(y)}}
if(${rest}===null)break;${this.passOn}pulse.beat();${mark}${ys}=${rest}.next();}\n`;
  }

  /** Waits for what steps below answer, before a part of the text that takes its rows at once. */
  gathered(method: 'gather' | 'gatherInputs', plan: Plan, split: string): string {
    this.isAsync = true;
    return `await rt.awaiting.${method}(${this.node(plan)},${split});`;
  }

  awaited(method: 'step' | 'persisted' | 'inTurn' | 'chunks', plan: Plan, split: string, body: Body): string {
    this.isAsync = true;
    const c = this.name('c');
    return `for await(const ${c} of rt.awaiting.${method}(${this.node(plan)},${split})){${this.array(c, body)}${this.passOn}}\n`;
  }

  /** `takesLate`: the body can do with a row that is not made yet. */
  plan(plan: Plan, split: string, actual: Split, body: Body, takesLate = false): string {
    const awaits = awaitsIn(plan);
    // The rest of a long chain gets its own loops: V8 cannot compile loops that are nested too deeply.
    if (++this.#fused > fusedSteps) {
      if (awaits) return this.awaited('chunks', plan, split, body);
      return this.chunks(`rt.chunks(${this.node(plan)},${split})`, body);
    }
    if (!awaits) return this.own(plan, split, actual, body, takesLate);
    if (awaitsOf(plan) !== undefined) return this.awaited('step', plan, split, body);
    if (plan.op === 'cached') return this.awaited('persisted', plan, split, body);
    if (plan.op === 'concat' || plan.op === 'merge') return this.awaited('inTurn', plan, split, body);
    const before = isFused(plan) ? '' : this.gathered('gatherInputs', plan, split);
    return before + this.own(plan, split, actual, body, takesLate);
  }

  /** What a plan adds, around what its inputs give. */
  own(plan: Plan, split: string, actual: Split, body: Body, takesLate: boolean): string {
    switch (plan.op) {
      case 'values':
        return this.chunks(`rt.values(${split})`, body);
      case 'text':
        return this.chunks(`rt.textLines(${split})`, body);
      case 'table': {
        const columns = columnsOf(plan.spec);
        if (columns) return this.batches(plan, columns, split, takesLate ? body : this.whole(body));
        return this.chunks(`rt.tables.rows(${this.node(plan)},${split})`, body);
      }
      case 'wholeText':
        return this.chunks(`rt.wholeFiles(${split})`, body);
      case 'checkpoint':
        return this.chunks(`rt.checkpoint(${split})`, body);
      case 'empty':
        return '';
      case 'range':
        return this.range(split, actual, body);
      case 'stored':
      case 'cached':
        if (this.ofStored && this.ofStored.plan === plan)
          return this.storedRows(this.ofStored, split, takesLate ? body : this.whole(body));
        return this.chunks(plan.op === 'stored' ? `rt.stored(${split})` : `rt.cached(${this.node(plan)},${split})`, body);
      case 'shuffleRead':
        return this.shuffleRead(split, body);
      case 'concat':
        return this.chunks(`rt.concat(${this.node(plan.input)},${split})`, body);
      case 'choose':
        return this.choose(plan, split, actual, body);
      case 'combine':
        return this.combine(plan, split, body);
      case 'objects':
        return this.chunks(`rt.objects(${split})`, body);
      case 'custom': {
        const mark = this.mark(plan, 'none');
        const call = `rt.custom(${this.fn(plan.f)},${this.node(plan)},${split})`;
        return `{${mark}${this.iterable(call, plan.name, mark, body)}}`;
      }
      case 'group':
      case 'firstPart':
      case 'join':
      case 'cogroup':
      case 'cartesian':
      case 'merge':
      case 'pipe':
      case 'stateUpdate':
      case 'stateRead':
        return this.chunks(`rt.${plan.op}(${this.node(plan)},${split})`, body);
      case 'sort':
        return this.mark(plan, 'none') + this.chunks(`rt.sort(${this.node(plan)},${split})`, body);
      default:
        return this.step(plan, split, actual, takesLate ? body : this.whole(body));
    }
  }

  /** Loops over the rows of columns. The object of a row is made where it is needed: before a function, of the fields that this reads. */
  batches(plan: Plan & { op: 'table' }, columns: readonly string[], split: string, body: Body): string {
    const b = this.name('b');
    const atOnce = this.atOnce ? `if(${this.atOnce(b)}){pulse.tick(${b}.count);continue;}` : '';
    return `for(const ${b} of rt.tables.batches(${this.node(plan)},${split})){${atOnce}${this.batch(b, columns, body)}${this.passOn}}\n`;
  }

  /** Loops over persisted rows: over columns where a part is stored so, else over the rows themselves. */
  storedRows({ plan, names }: NonNullable<Emitter['ofStored']>, split: string, body: Body): string {
    const [p, b, c] = ['p', 'b', 'c'].map((prefix) => this.name(prefix));
    const atOnce = this.atOnce ? `if(${this.atOnce(b)}){pulse.tick(${b}.count);continue;}` : '';
    const parts = plan.op === 'stored' ? `rt.storedParts(${split})` : `rt.cachedParts(${this.node(plan)},${split})`;
    return `for(const ${p} of ${parts}){const ${b}=rt.columnsOf(${p},${this.node(names)});
if(${b}!==null){${atOnce}${this.batch(b, names, body)}${this.passOn}}else for(const ${c} of rt.rowsOfPart(${p})){${this.array(c, body)}${this.passOn}}}\n`;
  }

  /** A loop over the rows of one batch. */
  batch(b: string, columns: readonly string[], body: Body): string {
    const [i, n, e, x] = ['i', 'n', 'e', 'x'].map((p) => this.name(p));
    const fields = new Map<string, string>();
    let before = '';
    for (const [c, name] of columns.entries()) {
      const [v, h, k] = ['v', 'h', 'k'].map((p) => this.name(p));
      // Numbers with what is null apart, values by their place, or values: each is rare where another one is usual, so that V8 knows the type.
      before += `const {values:${v},nulls:${h}=null,places:${k}=null}=${b}.columns[${c}];`;
      fields.set(name, `${k}===null?${h}===null?${v}[${i}]:rt.orNull(${h},${v},${i}):${v}[${k}[${i}]]`);
    }
    this.#late.set(x, { fields, index: i });
    this.hasBatches = true;
    if (this.manyAtOnce) before += this.manyAtOnce.before(b);
    const each = this.manyAtOnce?.each(i, e) ?? '';
    return `batch=${b};${before}
for(let ${i}=0,${n}=${b}.count;${i}<${n};){const ${e}=pulse.slice(${i},${n});pulse.tick(${e}-${i});
for(;${i}<${e};${i}++){${each}${body(x)}}}`;
  }

  step(plan: Plan, split: string, actual: Split, body: Body): string {
    switch (plan.op) {
      case 'map':
        return this.plan(plan.input, split, actual, (x) => this.mapped(plan, x, body), true);
      case 'filter': {
        const f = this.fn(plan.f);
        const kept = this.name('kept');
        return this.plan(
          plan.input,
          split,
          actual,
          (x) => {
            const { text, row } = this.made(x, readsOf(plan.f));
            return `${text}${this.mark(plan, x)}const ${kept}=${f}(${row});if(${kept}===true||${kept}!==false&&rt.holds(${kept},${JSON.stringify(plan.name)})){${body(x)}}`;
          },
          // A function that may change its row gets the one that is passed on.
          readsOf(plan.f) !== undefined,
        );
      }
      case 'flatMap':
        return this.plan(plan.input, split, actual, (x) => this.flatMapped(plan, x, body), true);
      case 'mapPartitions': {
        const f = this.fn(plan.f);
        const mark = this.mark(plan, 'none');
        return `{${mark}${this.iterable(`${f}(rt.pull(${this.node(plan.input)},${split}),${split}.index)`, plan.name, mark, body)}}`;
      }
      case 'zipPartitions': {
        const f = this.fn(plan.f);
        const mark = this.mark(plan, 'none');
        return `{${mark}${this.iterable(`${f}(rt.pullAll(${this.node(plan)},${split}),${split}.index)`, plan.name, mark, body)}}`;
      }
      case 'sample': {
        const [random, rate, k] = [this.name('random'), this.name('rate'), this.name('k')];
        const keep = plan.replace
          ? (x: string) => `for(let ${k}=rt.poisson(${rate},${random});${k}>0;${k}--){${body(x)}}`
          : (x: string) => `if(${random}.next()<${rate}){${body(x)}}`;
        const node = this.node(plan);
        return `const ${random}=rt.random(${node}.seed,${split}),${rate}=${node}.fraction;${this.plan(plan.input, split, actual, keep)}`;
      }
      case 'zipWithIndex': {
        const [index, y] = [this.name('index'), this.name('y')];
        return `let ${index}=${split}.number;${this.plan(plan.input, `${split}.inputs[0]`, inputOf(actual), (x) => `const ${y}=[${x},${index}++];${body(y)}`)}`;
      }
      default:
        throw new MillraceError('INTERNAL', { reason: `no code for the step ${plan.op}` });
    }
  }

  range(split: string, actual: Split, body: Body): string {
    const [r, i, e, x] = [this.name('r'), this.name('i'), this.name('e'), this.name('x')];
    // Sums of whole numbers are exact; sums of others would drift, and differ with the number of partitions.
    const whole = actual.kind === 'range' && Number.isInteger(actual.start) && Number.isInteger(actual.step);
    const each = whole
      ? `for(let ${x}v=${r}.start+${i}*${r}.step,${x}s=${r}.step;${i}<${e};${i}++,${x}v+=${x}s){const ${x}=${x}v;${body(x)}}`
      : `for(;${i}<${e};${i}++){const ${x}=${r}.start+${i}*${r}.step;${body(x)}}`;
    return `{const ${r}=${split};for(let ${i}=${r}.from;${i}<${r}.to;){const ${e}=pulse.slice(${i},${r}.to);pulse.tick(${e}-${i});\n${each}}}\n`;
  }

  shuffleRead(split: string, body: Body): string {
    const [f, ks, vs, i, e, x] = ['f', 'ks', 'vs', 'i', 'e', 'x'].map((p) => this.name(p));
    return `for(const ${f} of rt.frames(${split})){const ${ks}=${f}.keys,${vs}=${f}.values;
for(let ${i}=0;${i}<${ks}.length;){const ${e}=pulse.slice(${i},${ks}.length);pulse.tick(${e}-${i});
for(;${i}<${e};${i}++){const ${x}=[${ks}[${i}],${vs}[${i}]];${body(x)}}}}\n`;
  }

  choose(plan: Plan & { op: 'choose' }, split: string, actual: Split, body: Body): string {
    const chosen = actual.kind === 'node' ? (actual.number ?? 0) : 0;
    // The branch is part of the text: partitions of another input get another function.
    return `/*${chosen}*/${this.plan(plan.inputs[chosen], `${split}.inputs[0]`, inputOf(actual), body)}`;
  }

  combine(plan: Plan & { op: 'combine' }, split: string, body: Body): string {
    const [t, vs, f, ks, us, i, e, c, x, more] = ['t', 'vs', 'f', 'ks', 'us', 'i', 'e', 'c', 'x', 'more'].map((p) =>
      this.name(p),
    );
    const add = this.merge(plan, vs, `${us}[${i}]`, e);
    const name = JSON.stringify(plan.name);
    const full = spilling(t, vs, more, `${e}x.room`, `${e}x.spill`);
    return `const ${e}x=rt.combiner(${name},${this.fn(plan.join ?? plan.merge)});let ${t}=rt.keyTable(),${vs}=[],${more}=${e}x.room(${t},${vs});
for(const ${f} of rt.pairFrames(${this.node(plan.input)},${split},${name})){const ${ks}=${f}.keys,${us}=${f}.values;pulse.tick(${ks}.length);
for(let ${i}=0;${i}<${ks}.length;${i}++){const ${e}=${t}.find(${ks}[${i}]);${add}${full}}}
for(const ${c} of ${e}x.rows(${t},${vs})){pulse.tick(0);for(let ${i}=0;${i}<${c}.length;${i}++){const ${x}=${c}[${i}];${body(x)}}}\n`;
  }

  /** Adds a value to the entry `e` of the combined values. */
  merge(combine: NamedStep & Combining, values: string, value: string, e: string): string {
    const created = combine.create ? `(${this.marking(combine, value)},${this.fn(combine.create)}(${value}))` : value;
    const f = this.fn(combine.merge);
    return `if(${e}===${values}.length)${values}.push(${created});else{${this.mark(combine, value)}${values}[${e}]=${f}(${values}[${e}],${value})}`;
  }

  mapped(plan: Plan & { op: 'map' }, late: string, body: Body): string {
    const y = this.name('y');
    const f = plan.f ? this.fn(plan.f) : '';
    const { text, row: x } = this.made(late, plan.template === 'call' && plan.f ? readsOf(plan.f) : undefined);
    const mark = plan.f ? this.mark(plan, late) : '';
    const pair = `if(!Array.isArray(${x})||${x}.length!==2)rt.notAPair(${JSON.stringify(plan.name)},${x});`;
    const checked = (answer: string) => (plan.checks ? promiseCheck(answer, plan.name) : '');
    const made: Record<typeof plan.template, string> = {
      call: `${mark}const ${y}=${f}(${x});${checked(y)}`,
      keyBy: `${mark}const ${y}=[${f}(${x}),${x}];${checked(`${y}[0]`)}`,
      mapValues: `${pair}${mark}const ${y}=[${x}[0],${f}(${x}[1])];${checked(`${y}[1]`)}`,
      key: `${pair}const ${y}=${x}[0];`,
      value: `${pair}const ${y}=${x}[1];`,
      pairWithNull: `const ${y}=[${x},null];`,
      pairWithOne: `const ${y}=[${x},1];`,
    };
    return text + made[plan.template] + body(y);
  }

  flatMapped(plan: Plan & { op: 'flatMap' }, late: string, body: Body): string {
    const f = this.fn(plan.f);
    const { text, row: x } = this.made(late, plan.values ? undefined : readsOf(plan.f));
    const mark = this.mark(plan, late);
    if (!plan.values) return `${text}${mark}${this.iterable(`${f}(${x})`, plan.name, mark, body)}`;
    const y = this.name('y');
    return `${text}if(!Array.isArray(${x})||${x}.length!==2)rt.notAPair(${JSON.stringify(plan.name)},${x});
${mark}${this.iterable(`${f}(${x}[1])`, plan.name, mark, (v) => `const ${y}=[${x}[0],${v}];${body(y)}`)}`;
  }
}

/** The columns of a table whose rows are made of columns in the loops; undefined where they come as objects. */
function columnsOf(spec: TableSpec): readonly string[] | undefined {
  if (spec.format !== 'parquet' && spec.format !== 'arrow') return undefined;
  const { wanted } = spec;
  const names = spec.schema.columns.flatMap(({ name }) => (!wanted || wanted.includes(name) ? [name] : []));
  return names.length <= mostLateColumns ? names : undefined;
}

/** The fields that a function reads of a row, which it does not change. */
const readsOf = (f: FunctionRef): readonly string[] | undefined =>
  f.kind === 'closure' && !f.changes?.first ? f.reads : undefined;

/** Spills a table that has become too large and begins another; `more` counts the rows until the next check of its size. */
export const spilling = (table: string, values: string, more: string, room: string, spill: string): string =>
  `if(--${more}===0){${more}=${room}(${table},${values});
if(${more}===0){${spill}(${table},${values});${table}=rt.keyTable();${values}=[];${more}=${room}(${table},${values})}}`;

/** Most answers are no objects, and pass at the first comparison. */
const promiseCheck = (answer: string, operation: string): string =>
  `if(typeof ${answer}==='object'&&${answer}!==null&&typeof ${answer}.then==='function')rt.promised(${JSON.stringify(operation)},${answer});`;
