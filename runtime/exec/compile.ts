// Turns a stage's plan into JavaScript: one function of nested loops from source to sink, with no generator or shared loop between two
// closures. The text depends only on the plan's shape; every value of the user arrives as a parameter.
import { MillraceError } from '../base/errors';
import { compiledLoops, fusedSteps, pullChunk } from '../base/limits';
import type { FunctionRef } from '../plan/function-ref';
import type { Plan, Sink, Split } from '../plan/program';
import type { NamedStep } from '../plan/step-failure';
import { countedSeparator } from './files/token-counts';
import { inputOf } from './task-runtime';

/*
The stage of `textFile(path).map(f).filter(g).count()`, as this file emits it; a test compares the two.

function stage(rt,split,F,N){"use strict";
const pulse=rt.pulse,none=rt.none;let at=-1,el=none;const [F0,F1]=F;const [N0]=N;
let count=0;try{done:{for(const c1 of rt.textLines(split)){for(let i2=0,n3=c1.length;i2<n3;){const e4=pulse.slice(i2,n3);pulse.tick(e4-i2);
for(;i2<e4;i2++){const x5=c1[i2];at=0,el=x5;const y6=F1(x5);at=1,el=y6;const kept0=F0(y6);if(kept0===true||kept0!==false&&rt.holds(kept0,"filter")){count++;}}}
}
}}catch(thrown){rt.fail(thrown,N0,at,el)}return count;}

F holds the user's functions in the order in which the emitter meets them: F0 is g and F1 is f. N holds plan nodes; N0 lists the
steps that `at` counts. `at` and `el` say which step ran on which element, for the report of an error. `rt` is the TaskScope.
*/

/** A compiled stage: `run` is called with the runtime, the split, its functions and its plan nodes. */
export interface Compiled {
  readonly run: (runtime: unknown, split: Split, functions: readonly Function[], nodes: readonly unknown[]) => unknown;
  readonly functions: readonly FunctionRef[];
  readonly nodes: readonly unknown[];
}

/** How to combine the values of a key. */
interface Combining {
  readonly create?: FunctionRef;
  readonly merge: FunctionRef;
}

type Body = (element: string) => string;

/** Collects the text of one function, and the functions and plan nodes that the text refers to by number. */
class Emitter {
  readonly functions: FunctionRef[] = [];
  readonly nodes: unknown[] = [];
  /** The marked steps: nodes of the plan, or the sink. */
  readonly steps: NamedStep[] = [];
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

  plan(plan: Plan, split: string, actual: Split, body: Body): string {
    // The rest of a long chain gets its own loops: V8 cannot compile loops that are nested too deeply.
    if (++this.#fused > fusedSteps) return this.chunks(`rt.chunks(${this.node(plan)},${split})`, body);
    switch (plan.op) {
      case 'values':
        return this.chunks(`rt.values(${split})`, body);
      case 'text':
        return this.chunks(`rt.textLines(${split})`, body);
      case 'wholeText':
        return this.chunks(`rt.wholeFiles(${split})`, body);
      case 'checkpoint':
        return this.chunks(`rt.checkpoint(${split})`, body);
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
    const made: Record<typeof plan.template, string> = {
      call: `${mark}const ${y}=${f}(${x});`,
      keyBy: `${mark}const ${y}=[${f}(${x}),${x}];`,
      mapValues: `${pair}${mark}const ${y}=[${x}[0],${f}(${x}[1])];`,
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
const spilling = (table: string, values: string, more: string, room: string, spill: string): string =>
  `if(--${more}===0){${more}=${room}(${table},${values});
if(${more}===0){${spill}(${table},${values});${table}=rt.keyTable();${values}=[];${more}=${room}(${table},${values})}}`;

/** The sink's statements: `before` the loops, for each element, and `after`, which returns the answer. */
function sinkText(emitter: Emitter, sink: Sink): { before: string; body: Body; after: string; isAsync?: boolean } {
  switch (sink.kind) {
    case 'collect':
      return { before: 'const out=[];', body: (x) => `out.push(${x});`, after: 'return out;' };
    case 'count':
      return { before: 'let count=0;', body: () => 'count++;', after: 'return count;' };
    case 'reduce': {
      const f = emitter.fn(sink.f);
      return {
        before: 'let acc,has=false;',
        body: (x) => `if(has){${emitter.mark(sink, x)}acc=${f}(acc,${x})}else{acc=${x};has=true}`,
        after: 'return has?[acc]:[];',
      };
    }
    case 'aggregate': {
      const f = emitter.fn(sink.f);
      return {
        before: `let acc=rt.decode(${emitter.node(sink.zero)});`,
        body: (x) => `${emitter.mark(sink, x)}acc=${f}(acc,${x});`,
        after: 'return acc;',
      };
    }
    case 'foreach': {
      const f = emitter.fn(sink.f);
      return {
        before: '',
        body: (x) =>
          `${emitter.mark(sink, x)}{const p=${f}(${x});if(p!==undefined&&p!==null&&typeof p.then==='function')await p;}`,
        after: 'return null;',
        isAsync: true,
      };
    }
    case 'take': {
      const tick = sink.ms === undefined ? '' : 'if((out.length&63)===0)pulse.tick(0);';
      return {
        before: `const out=[];${sink.ms === undefined ? '' : `pulse.limitTime(${sink.ms});`}`,
        body: (x) => `out.push(${x});if(out.length>=${sink.limit})break done;${tick}`,
        after: 'return out;',
      };
    }
    case 'save':
      return {
        before: `const file=rt.savedPart(${emitter.node(sink)},split);`,
        body: (x) => `file.add(${x});`,
        after: 'return file.end();',
      };
    case 'checkpoint':
      return {
        before: `const file=rt.checkpointFile(${emitter.node(sink)});`,
        body: (x) => `file.add(${x});`,
        after: `return file.end(${sink.folder !== undefined});`,
      };
    case 'shuffle':
      return shuffleText(emitter, sink);
    case 'foreachPartition':
      throw new MillraceError('INTERNAL', { reason: 'foreachPartition has no element loop' });
  }
}

function shuffleText(emitter: Emitter, sink: Sink & { kind: 'shuffle' }) {
  const operation = JSON.stringify(sink.operation);
  const pair = (x: string) => `if(!Array.isArray(${x})||${x}.length!==2)rt.notAPair(${operation},${x});`;
  const writer = `const writer=rt.shuffleWriter(${emitter.node(sink)});`;
  if (!sink.combine)
    return { before: writer, body: (x: string) => `${pair(x)}writer.add(${x}[0],${x}[1]);`, after: 'return writer.end();' };
  const combine = { ...sink.combine, name: sink.operation };
  return {
    before: `${writer}let table=rt.keyTable(),values=[],more=rt.room(table,values);`,
    body: (x: string) =>
      `${pair(x)}{const v=${x}[1],e=table.find(${x}[0]);${emitter.merge(combine, 'values', 'v', 'e')}
${spilling('table', 'values', 'more', 'rt.room', 'writer.table')}}`,
    after: 'writer.table(table,values);return writer.end();',
  };
}

const guarded = (emitter: Emitter, loops: string) =>
  `try{done:{${loops}}}catch(thrown){rt.fail(thrown,${emitter.node(emitter.steps)},at,el)}`;

/** Where a loop may `break done` it stands in a labelled block. */
function stageText(emitter: Emitter, plan: Plan, sink: Sink, split: Split): { text: string; isAsync: boolean } {
  if (sink.kind === 'count' && plan.op === 'text') return { text: 'return rt.countLines(split);', isAsync: false };
  const separator = countedSeparator(plan, sink);
  if (separator !== undefined) {
    const writer = `const writer=rt.shuffleWriter(${emitter.node(sink)});`;
    return { text: `${writer}rt.countTokens(split,${separator},writer);return writer.end();`, isAsync: false };
  }
  if (sink.kind === 'foreachPartition') {
    const f = emitter.fn(sink.f);
    const loops = `${emitter.mark(sink, 'none')}await ${f}(rt.pull(${emitter.node(plan)},split),split.index);`;
    return { text: `${guarded(emitter, loops)}return null;`, isAsync: true };
  }
  const { before, body, after, isAsync } = sinkText(emitter, sink);
  const whole = guarded(emitter, emitter.plan(plan, 'split', split, body));
  const limited = sink.kind === 'take' && sink.ms !== undefined;
  const text = limited ? `try{${whole}}catch(thrown){rt.endInTime(thrown)}` : whole;
  return { text: before + text + after, isAsync: isAsync === true };
}

const loops = new Map<string, Function>();

/** Makes the function of a text once. `sources` keeps loops over other closures apart: their types would spoil its inline caches. */
function functionOf(text: string, functions: number, nodes: number, kind: '' | 'async ' | '*', sources: string): Function {
  const key = `${kind}${text}\0${sources}`;
  const known = loops.get(key);
  if (known) return known;
  if (loops.size >= compiledLoops) loops.delete(loops.keys().next().value!);
  const list = (prefix: string, n: number) =>
    n === 0 ? '' : `const [${Array.from({ length: n }, (_, i) => prefix + i).join(',')}]=${prefix};`;
  const source = `return ${kind === 'async ' ? 'async ' : ''}function${kind === '*' ? '*' : ''} stage(rt,split,F,N){"use strict";
const pulse=rt.pulse,none=rt.none;let at=-1,el=none;${list('F', functions)}${list('N', nodes)}\n${text}}`;
  const made = new Function(source)() as Function;
  loops.set(key, made);
  return made;
}

/** Compiles a stage for the shape of this split. */
export function compileStage(plan: Plan, sink: Sink, split: Split, sources: string): Compiled {
  const emitter = new Emitter();
  const { text, isAsync } = stageText(emitter, plan, sink, split);
  const run = functionOf(text, emitter.functions.length, emitter.nodes.length, isAsync ? 'async ' : '', sources);
  return { run: run as Compiled['run'], functions: emitter.functions, nodes: emitter.nodes };
}

const passOn = 'if(out.length>0){yield out;out=[];}';
/**
 * Compiles a plan into a generator of chunks, for consumers that pull: mapPartitions, coalesce, narrow cogroup, persisting. An element of
 * the user's iterable is passed on before the next one is asked for, which may be the same object; `gathers` is for who keeps all anyway.
 */
export function compileChunks(plan: Plan, split: Split, sources: string, gathers: boolean): Compiled {
  const emitter = new Emitter(gathers ? '' : passOn);
  const body = emitter.plan(plan, 'split', split, (x) => `out.push(${x});if(out.length>=${pullChunk}){yield out;out=[];}`);
  const text = `let out=[];${guarded(emitter, body)}${passOn}`;
  const run = functionOf(text, emitter.functions.length, emitter.nodes.length, '*', sources);
  return { run: run as Compiled['run'], functions: emitter.functions, nodes: emitter.nodes };
}
