// Emits the text of a stage's loops, from its sources to what is done with each element.
import { MillraceError } from '../base/errors';
import { fusedSteps } from '../base/limits';
import type { FunctionRef } from '../plan/function-ref';
import type { Plan, Split } from '../plan/program';
import type { NamedStep } from '../plan/step-failure';
import { awaitsIn, awaitsOf, isFused } from './awaits';
import { inputOf } from './task-runtime';

/** How to combine the values of a key. */
interface Combining {
  readonly create?: FunctionRef;
  readonly merge: FunctionRef;
}

export type Body = (element: string) => string;

/** Collects the text of one function, and the functions and plan nodes that the text refers to by number. */
export class Emitter {
  readonly functions: FunctionRef[] = [];
  readonly nodes: unknown[] = [];
  /** The marked steps: nodes of the plan, or the sink. */
  readonly steps: NamedStep[] = [];
  /** The text awaits something: its function is asynchronous. */
  isAsync = false;
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
    return `at=${this.steps.length - 1},el=${element}`;
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

  plan(plan: Plan, split: string, actual: Split, body: Body): string {
    const awaits = awaitsIn(plan);
    // The rest of a long chain gets its own loops: V8 cannot compile loops that are nested too deeply.
    if (++this.#fused > fusedSteps) {
      if (awaits) return this.awaited('chunks', plan, split, body);
      return this.chunks(`rt.chunks(${this.node(plan)},${split})`, body);
    }
    if (!awaits) return this.own(plan, split, actual, body);
    if (awaitsOf(plan) !== undefined) return this.awaited('step', plan, split, body);
    if (plan.op === 'cached') return this.awaited('persisted', plan, split, body);
    if (plan.op === 'concat' || plan.op === 'merge') return this.awaited('inTurn', plan, split, body);
    const before = isFused(plan) ? '' : this.gathered('gatherInputs', plan, split);
    return before + this.own(plan, split, actual, body);
  }

  /** What a plan adds, around what its inputs give. */
  own(plan: Plan, split: string, actual: Split, body: Body): string {
    switch (plan.op) {
      case 'values':
        return this.chunks(`rt.values(${split})`, body);
      case 'text':
        return this.chunks(`rt.textLines(${split})`, body);
      case 'table':
        return this.chunks(`rt.tables.rows(${this.node(plan)},${split})`, body);
      case 'wholeText':
        return this.chunks(`rt.wholeFiles(${split})`, body);
      case 'checkpoint':
        return this.chunks(`rt.checkpoint(${split})`, body);
      case 'stored':
        return this.chunks(`rt.stored(${split})`, body);
      case 'empty':
        return '';
      case 'range':
        return this.range(split, actual, body);
      case 'cached':
        return this.chunks(`rt.cached(${this.node(plan)},${split})`, body);
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
        return this.step(plan, split, actual, body);
    }
  }

  step(plan: Plan, split: string, actual: Split, body: Body): string {
    switch (plan.op) {
      case 'map':
        return this.plan(plan.input, split, actual, (x) => this.mapped(plan, x, body));
      case 'filter': {
        const f = this.fn(plan.f);
        const kept = this.name('kept');
        return this.plan(
          plan.input,
          split,
          actual,
          (x) =>
            `${this.mark(plan, x)}const ${kept}=${f}(${x});if(${kept}===true||${kept}!==false&&rt.holds(${kept},${JSON.stringify(plan.name)})){${body(x)}}`,
        );
      }
      case 'flatMap':
        return this.plan(plan.input, split, actual, (x) => this.flatMapped(plan, x, body));
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

  mapped(plan: Plan & { op: 'map' }, x: string, body: Body): string {
    const y = this.name('y');
    const f = plan.f ? this.fn(plan.f) : '';
    const mark = plan.f ? this.mark(plan, x) : '';
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
    return made[plan.template] + body(y);
  }

  flatMapped(plan: Plan & { op: 'flatMap' }, x: string, body: Body): string {
    const f = this.fn(plan.f);
    const mark = this.mark(plan, x);
    if (!plan.values) return `${mark}${this.iterable(`${f}(${x})`, plan.name, mark, body)}`;
    const y = this.name('y');
    return `if(!Array.isArray(${x})||${x}.length!==2)rt.notAPair(${JSON.stringify(plan.name)},${x});
${mark}${this.iterable(`${f}(${x}[1])`, plan.name, mark, (v) => `const ${y}=[${x}[0],${v}];${body(y)}`)}`;
  }
}

/** Spills a table that has become too large and begins another; `more` counts the rows until the next check of its size. */
export const spilling = (table: string, values: string, more: string, room: string, spill: string): string =>
  `if(--${more}===0){${more}=${room}(${table},${values});
if(${more}===0){${spill}(${table},${values});${table}=rt.keyTable();${values}=[];${more}=${room}(${table},${values})}}`;

/** Most answers are no objects, and pass at the first comparison. */
const promiseCheck = (answer: string, operation: string): string =>
  `if(typeof ${answer}==='object'&&${answer}!==null&&typeof ${answer}.then==='function')rt.promised(${JSON.stringify(operation)},${answer});`;
