// Random programs as data: a source, steps and actions as texts that run on the engine and on the model alike, and that can be pasted.
import ts from 'typescript';
import { instrument } from '../../runtime/closure';
import { type Context, HashPartitioner, RangePartitioner, type RDD, StorageLevel } from '../../runtime/index';
import { ModelContext, type ModelDataset } from '../helpers/model-dataset';

type Kind = 'rows' | 'pairs';
/** What is known of where the elements lie: neither, their sequence only, their partitions. */
type Order = 'none' | 'sequence' | 'partitions';
const orders: readonly Order[] = ['none', 'sequence', 'partitions'];

/** What is known of a dataset at one point of a program. */
export interface Shape {
  readonly kind: Kind;
  readonly order: Order;
}

/** Rows of the session in so many slices. */
export interface Rows {
  readonly rows: readonly unknown[];
  readonly slices: number;
}

/** An expression over the dataset `d`, other datasets `$0`, `$1`, …, values `v0`, … and the context `sc`. */
interface Fragment {
  readonly code: string;
  readonly others?: readonly Rows[];
  readonly values?: readonly unknown[];
  readonly pairs?: boolean;
  /** What must be known of the order for the answer to be determined. */
  readonly order?: Order;
  /** It is for at most so many rows. */
  readonly most?: number;
}

export interface Step extends Fragment {
  /** The kind of its rows; that of its input by default. */
  readonly kind?: Kind;
  /**
   * The order of its rows, at most; that of its input by default. `placed` says itself where they lie; partitions that are spread alike
   * are joined one by one.
   */
  readonly gives?: Order | 'placed' | 'unlessPartitioned';
}

export interface Action extends Fragment {
  readonly compare: 'exact' | 'unordered' | 'byOrder' | 'close' | 'near';
  /** It needs an element. */
  readonly some?: boolean;
}

export interface Program {
  readonly source: Step;
  readonly steps: readonly Step[];
  readonly actions: readonly Action[];
}

/** What the texts use, and what stands in front of a program that is pasted. */
const prelude = `
const canonical = (value: any): string => {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return 'n' + (value === 0 ? 0 : value);
  if (typeof value === 'bigint') return 'b' + value;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return 'd' + value.getTime();
  if (Array.isArray(value)) return '[' + Array.from(value, canonical).join(',') + ']';
  return '{' + Object.keys(value).sort().map((key) => JSON.stringify(key) + ':' + canonical(value[key])).join(',') + '}';
};
const size = (value: any): number => canonical(value).length;
const byText = (a: any, b: any): number => (canonical(a) < canonical(b) ? -1 : canonical(a) > canonical(b) ? 1 : 0);
const sorted = (values: readonly any[]): any[] => [...values].sort(byText);
const least = (a: any, b: any): any => (byText(a, b) <= 0 ? a : b);
class Box {
  #value: any;
  constructor(value: any) { this.#value = value; }
  get value(): any { return this.#value; }
  holdsMore(than: number): boolean { return size(this.#value) > than; }
}
`;

const names = ['out', 'StorageLevel', 'HashPartitioner', 'RangePartitioner'];
const globals = [StorageLevel, HashPartitioner, RangePartitioner];

const withoutTypes = (text: string) =>
  ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2023 } }).outputText;
const plainPrelude = withoutTypes(prelude);

/** Compiles and instruments a text as the shell does what is typed; `out` is where it puts its functions. */
function compiled(js: string, file: string): Record<string, (...args: any[]) => any> {
  const { code } = instrument(js, file, { params: names });
  const out = {};
  new Function(...names, code)(out, ...globals);
  return out;
}

const functions = new Map<string, (d: any, sc: any, others: readonly any[], values: readonly any[]) => any>();

/** The function of a text, made once: loops that the engine compiled for it serve all programs. */
function functionOf(code: string) {
  let made = functions.get(code);
  if (!made) {
    const isAsync = code.includes('await ');
    const text = withoutTypes(`out.run = ${isAsync ? 'async ' : ''}(d, sc, [$0, $1, $2], [v0]) => (${code});`);
    made = compiled(plainPrelude + text, `/programs/${functions.size}.ts`).run as never;
    functions.set(code, made!);
  }
  return made!;
}

const valuesNone: readonly unknown[] = [];

/** What a fragment makes of a dataset of the engine or the model. */
export function apply(fragment: Fragment, d: unknown, sc: Context | ModelContext): any {
  const others = (fragment.others ?? []).map(({ rows, slices }) => sc.parallelize(rows as any[], slices));
  return functionOf(fragment.code)(d, sc, others, fragment.values ?? valuesNone);
}

export function suits(fragment: Fragment & { some?: boolean }, { kind, order }: Shape, model: ModelDataset): boolean {
  if (fragment.pairs && kind !== 'pairs') return false;
  if (orders.indexOf(order) < orders.indexOf(fragment.order ?? 'none')) return false;
  const n = model.count();
  return n <= (fragment.most ?? Number.POSITIVE_INFINITY) && (!fragment.some || n > 0);
}

/** A program under way, on both sides. */
export interface State {
  readonly shape: Shape;
  readonly rdd: RDD<any>;
  readonly model: ModelDataset;
}

const mostRows = 1500;
const mostPartitions = 40;
const modelContext = new ModelContext();

function lessOf(a: Order, b: Order): Order {
  return orders[Math.min(orders.indexOf(a), orders.indexOf(b))];
}

export function begin(source: Step, sc: Context): State {
  return {
    shape: { kind: source.kind ?? 'rows', order: 'partitions' },
    rdd: apply(source, undefined, sc),
    model: apply(source, undefined, modelContext),
  };
}

/** One more step on both sides; undefined where it does not suit or leads too far. */
export function advance(state: State, step: Step, sc: Context): State | undefined {
  const { shape, rdd, model } = state;
  if (!suits(step, shape, model)) return undefined;
  const nextModel: ModelDataset = apply(step, model, modelContext);
  if (nextModel.count() > mostRows) return undefined;
  const next: RDD<any> = apply(step, rdd, sc);
  if (next.numPartitions > mostPartitions) return undefined;
  return { shape: shapeAfter(step, state), rdd: next, model: nextModel };
}

function shapeAfter({ kind, gives }: Step, { shape, rdd }: State): Shape {
  const orderAfter = (): Order => {
    if (gives === undefined) return shape.order;
    if (gives === 'placed') return 'partitions';
    if (gives === 'unlessPartitioned') return rdd.partitioner ? 'none' : shape.order;
    return lessOf(shape.order, gives);
  };
  return { kind: kind ?? shape.kind, order: orderAfter() };
}

/** What an action answers on both sides. */
export async function answers(action: Action, { rdd, model }: State, sc: Context): Promise<[got: unknown, expected: unknown]> {
  return [await apply(action, rdd, sc), await apply(action, model, modelContext)];
}

// ---- as text

/** A value as the expression that makes it. */
export function literal(value: any): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  // A plain `"__proto__": x` would set the prototype.
  return `{${Object.keys(value)
    .map((key) => `[${JSON.stringify(key)}]: ${literal(value[key])}`)
    .join(', ')}}`;
}

function spelled({ code, others = [], values = [] }: Fragment): string {
  return code
    .replace(/\$(\d)/g, (_, i) => `sc.parallelize<any>(${literal(others[i].rows)}, ${others[i].slices})`)
    .replace(/\bv(\d)\b/g, (_, i) => literal(values[i]));
}

/** The program as a text for the prompt or a script. */
export function textOf({ source, steps, actions }: Program): string {
  const lines = steps.map((step) => `d = ${spelled(step)};`);
  const asked = actions.map((action) => `console.log(${spelled(action)});`);
  return [`${prelude.trim()}`, `let d: any = ${spelled(source)};`, ...lines, ...asked].join('\n');
}

/** Only what differs from program to program: for a log. */
export const brief = ({ source, steps, actions }: Program): string =>
  [source, ...steps, ...actions].map((fragment) => spelled(fragment)).join('\n  ');

/** Runs a pasted text on a context; what it prints goes to `print`. */
export async function runText(text: string, sc: Context, print: (value: unknown) => void): Promise<void> {
  const body = text.replaceAll('console.log(', 'print(');
  await compiled(withoutTypes(`out.run = async (sc, print) => {${body}};`), '/programs/pasted.ts').run(sc, print);
}
