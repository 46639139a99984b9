// Turns a stage's plan into JavaScript: one function of nested loops from source to sink, with no generator or shared loop between two
// closures. The text depends only on the plan's shape; every value of the user arrives as a parameter.
import { MillraceError } from '../base/errors';
import { collectedAtOnce, compiledLoops, pullChunk } from '../base/limits';
import type { FunctionRef } from '../plan/function-ref';
import type { Plan, Sink, Split } from '../plan/program';
import { awaitsIn } from './awaits';
import { type Body, Emitter, mostLateColumns, spilling } from './emitter';
import { groupedFields } from './files/grouping';
import { countedLines } from './files/line-counts';
import { countedTokens } from './files/token-counts';
import { askedOf } from './files/wanted-columns';

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
  readonly isAsync: boolean;
}

const summedAtOnce = 1024;

/** The sink's statements: `before` the loops, for each element, and `after`, which returns the answer. */
function sinkText(emitter: Emitter, sink: Sink): { before: string; body: Body; after: string; isAsync?: boolean } {
  switch (sink.kind) {
    case 'collect':
      return {
        before: 'let out=[];const all=rt.collectedRows();',
        body: (x) => `if(out.push(${x})===${collectedAtOnce}){all.add(out);out=[];}`,
        after: 'return all.end(out);',
      };
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
      // Numbers are added some at a time, and marked where they are none: else V8 makes an object of each.
      if (isSum(sink))
        return {
          before: `const acc=rt.decode(${emitter.node(sink.zero)}),held=new Float64Array(${summedAtOnce});let n=0;`,
          body: (x) =>
            `if(typeof ${x}!=='number'){${emitter.mark(sink, x)}${f}(acc,${x});}held[n++]=${x};if(n===${summedAtOnce}){rt.addNumbers(acc,held);n=0;}`,
          after: 'rt.addNumbers(acc,held.subarray(0,n));return acc;',
        };
      return {
        before: `let acc=rt.decode(${emitter.node(sink.zero)});`,
        body: (x) => `${emitter.mark(sink, x)}acc=${f}(acc,${x});`,
        after: 'return acc;',
      };
    }
    case 'foreach': {
      const f = emitter.fn(sink.f);
      if (sink.awaits !== undefined)
        return {
          before: `const calls=rt.awaiting.calls(${emitter.node(sink)},${f});`,
          body: (x) => `${emitter.mark(sink, x)}await calls.add(${x});`,
          after: 'await calls.end();return null;',
          isAsync: true,
        };
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
        // What does not fit its column is no fault of the step before.
        body: (x) => `${typeof sink.format === 'string' ? '' : 'at=-1;'}file.add(${x});`,
        after: 'return file.end();',
      };
    case 'store':
      return { before: 'const rows=rt.storedRows();', body: (x) => `rows.add(${x});`, after: 'return rows.end();' };
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

/** What is known of a persisted partition without a look at its rows: how many these are, or the words of their bytes. */
function ofStored(emitter: Emitter, plan: Plan, sink: Sink): string {
  if (sink.kind === 'count' && plan.op === 'cached')
    return `{const stored=rt.counts.stored(${emitter.node(plan)},split);if(stored>=0)return stored;}`;
  const included = countedLines(plan, sink);
  if (included?.source.op === 'cached') {
    const count = `rt.counts.storedIncluding(stored,${emitter.node(included.text)})`;
    return `{const stored=rt.counts.storedLines(${emitter.node(included.source)},split);if(stored)return ${count};}`;
  }
  const { source, separator } = countedTokens(plan, sink) ?? {};
  if (source?.op !== 'cached') return '';
  const count = `const writer=rt.shuffleWriter(${emitter.node(sink)});rt.counts.storedTokens(stored,${separator},writer);`;
  return `{const stored=rt.counts.storedLines(${emitter.node(source)},split);if(stored){${count}return writer.end();}}`;
}

const isSum = (sink: Sink): boolean => sink.kind === 'aggregate' && sink.f.kind === 'library' && sink.f.name === 'addNumber';

/** Whether a stage sums one field of the rows of a table, or of persisted ones, and reads no other. */
function isSummedColumn(plan: Plan, sink: Sink): boolean {
  if (!isSum(sink) || plan.op !== 'map' || plan.template !== 'call') return false;
  if (plan.input.op !== 'table' && plan.input.op !== 'cached' && plan.input.op !== 'stored') return false;
  return plan.f?.kind === 'closure' && plan.f.idiom?.kind === 'field';
}

const guarded = (emitter: Emitter, loops: string) =>
  `${emitter.hasBatches ? 'let batch,row=0;' : ''}try{done:{${loops}}}catch(thrown){${failing(emitter)}}`;

function failing(emitter: Emitter): string {
  const steps = emitter.node(emitter.steps);
  if (emitter.rowSteps.length === 0) return `rt.fail(thrown,${steps},at,el)`;
  return `rt.fail(thrown,${steps},at,${emitter.node(emitter.rowSteps)}.includes(at)?rt.rowAt(batch,row):el)`;
}

/** Where a loop may `break done` it stands in a labelled block. */
function stageText(emitter: Emitter, plan: Plan, sink: Sink, split: Split): { text: string; isAsync: boolean } {
  if (sink.kind === 'count' && plan.op === 'text') return { text: 'return rt.counts.lines(split);', isAsync: false };
  const stored = ofStored(emitter, plan, sink);
  const included = countedLines(plan, sink);
  if (included?.source.op === 'text')
    return { text: `return rt.counts.including(split,${emitter.node(included.text)});`, isAsync: false };
  if (sink.kind === 'count' && plan.op === 'table')
    return { text: `return rt.tables.count(${emitter.node(plan)},split);`, isAsync: false };
  const grouped = groupedFields(plan, sink);
  // The rows until the next look at the size of the table, whose place is the same for rows that are added one by one.
  if (grouped)
    emitter.manyAtOnce = {
      before: (batch) => `const many=rt.grouping(${batch},${emitter.node(grouped)});`,
      each: (i, e) =>
        `if(many!==null&&more>1){const to=many.add(${i},Math.min(${e},${i}+more-1),table,values);more-=to-${i};${i}=to;if(${i}===${e})break;}`,
    };
  if (isSummedColumn(plan, sink)) emitter.atOnce = (batch) => `rt.tables.sum(acc,${batch})`;
  const tokens = countedTokens(plan, sink);
  if (tokens?.source.op === 'text') {
    const writer = `const writer=rt.shuffleWriter(${emitter.node(sink)});`;
    return { text: `${writer}rt.counts.tokens(split,${tokens.separator},writer);return writer.end();`, isAsync: false };
  }
  if (sink.kind === 'foreachPartition') {
    const f = emitter.fn(sink.f);
    const before = awaitsIn(plan) ? emitter.gathered('gather', plan, 'split') : '';
    const loops = `${before}${emitter.mark(sink, 'none')}await ${f}(rt.pull(${emitter.node(plan)},split),split.index);`;
    return { text: `${guarded(emitter, loops)}return null;`, isAsync: true };
  }
  const { before, body, after, isAsync } = sinkText(emitter, sink);
  const whole = guarded(emitter, emitter.plan(plan, 'split', split, body));
  const limited = sink.kind === 'take' && sink.ms !== undefined;
  const text = limited ? `try{${whole}}catch(thrown){rt.endInTime(thrown)}` : whole;
  return { text: stored + before + text + after, isAsync: isAsync === true || emitter.isAsync };
}

type Kind = '' | 'async ' | '*' | 'async *';

const loops = new Map<string, Function>();

/** Makes the function of a text once. `sources` keeps loops over other closures apart: their types would spoil its inline caches. */
function functionOf(text: string, functions: number, nodes: number, kind: Kind, sources: string): Function {
  const key = `${kind}${text}\0${sources}`;
  const known = loops.get(key);
  if (known) return known;
  if (loops.size >= compiledLoops) loops.delete(loops.keys().next().value!);
  const list = (prefix: string, n: number) =>
    n === 0 ? '' : `const [${Array.from({ length: n }, (_, i) => prefix + i).join(',')}]=${prefix};`;
  const source = `return ${kind.startsWith('async') ? 'async ' : ''}function${kind.endsWith('*') ? '*' : ''} stage(rt,split,F,N){"use strict";
const pulse=rt.pulse,none=rt.none;let at=-1,el=none;${list('F', functions)}${list('N', nodes)}\n${text}}`;
  const made = new Function(source)() as Function;
  loops.set(key, made);
  return made;
}

/** Notes which fields a stage reads of the persisted rows below it, where these are some. */
function readStored(emitter: Emitter, program: { readonly plan: Plan; readonly sink: Sink }): void {
  const found = askedOf(program);
  const names = found?.asked.wanted;
  if (!found || !names || names.length > mostLateColumns) return;
  const { source } = found;
  if (source.op === 'cached' || source.op === 'stored') emitter.ofStored = { plan: source, names };
}

/** Compiles a stage for the shape of this split. */
export function compileStage(plan: Plan, sink: Sink, split: Split, sources: string): Compiled {
  const emitter = new Emitter();
  readStored(emitter, { plan, sink });
  const { text, isAsync } = stageText(emitter, plan, sink, split);
  const run = functionOf(text, emitter.functions.length, emitter.nodes.length, isAsync ? 'async ' : '', sources);
  return { run: run as Compiled['run'], functions: emitter.functions, nodes: emitter.nodes, isAsync };
}

const passOn = 'if(out.length>0){yield out;out=[];}';
/**
 * Compiles a plan into a generator of chunks, for consumers that pull: mapPartitions, coalesce, narrow cogroup, persisting. An element of
 * the user's iterable is passed on before the next one is asked for, which may be the same object; `gathers` is for who keeps all anyway.
 */
export function compileChunks(plan: Plan, split: Split, sources: string, gathers: boolean): Compiled {
  const emitter = new Emitter(gathers ? '' : passOn);
  readStored(emitter, { plan, sink: { kind: 'collect' } });
  const body = emitter.plan(plan, 'split', split, (x) => `out.push(${x});if(out.length>=${pullChunk}){yield out;out=[];}`);
  const text = `let out=[];${guarded(emitter, body)}${passOn}`;
  const { isAsync } = emitter;
  const run = functionOf(text, emitter.functions.length, emitter.nodes.length, isAsync ? 'async *' : '*', sources);
  return { run: run as Compiled['run'], functions: emitter.functions, nodes: emitter.nodes, isAsync };
}
