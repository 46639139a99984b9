// Every public member of the API is documented with an example, where `.doc` and completion read it: in the declarations of the build.
import { join } from 'node:path';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const types = join(__dirname, '..', '..', 'dist', 'types');

/** Members without an example: what the shell and the engine look at, and what is implemented rather than called. */
const withoutExample: Readonly<Record<string, RegExp>> = {
  Context: /^(?:start|storageOf)$/,
  RDD: /^(?:isBarrier|isIndeterminate)$/,
  CustomRDD: /./,
  Receiver: /./,
  StateSpec: /./,
  OutputHandle: /./,
  StreamingContext: /^(?:sc|batches|idle|receiverStream|zeroTime|checkpointFolder|behind|waiting)$/,
  DStream: /^(?:track|operation|slide)$/,
  MapWithStateDStream: /./,
  CorrectedDStream: /./,
  SlackedDStream: /./,
  SessionDStream: /./,
  Counters: /^accumulator$/,
  ManualClock: /./,
};

/** Fields that speak for themselves. */
const plain = /\.(?:clock|flags|display|state|dependencies)$/;

const program = ts.createProgram(
  ['index.d.ts', 'models.d.ts'].map((file) => join(types, file)),
  { types: [] },
);
const checker = program.getTypeChecker();

interface Member {
  readonly owner: string;
  readonly name: string;
  readonly symbol: ts.Symbol;
}

/** The classes of the API, and what belongs to each itself. */
function members(): Member[] {
  const modules = program.getRootFileNames().map((file) => checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
  const exported = modules.flatMap((module) => checker.getExportsOfModule(module));
  const classes = exported
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .filter(({ flags }) => flags & ts.SymbolFlags.Class);
  return classes.flatMap((owner) => {
    const statics = checker.getPropertiesOfType(checker.getTypeOfSymbol(owner));
    const all = [...checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(owner)), ...statics];
    const members = all
      .filter((symbol) => isPublic(symbol, owner))
      .map((symbol) => ({ owner: owner.name, name: symbol.name, symbol }));
    return members.filter(({ name }) => !plain.test(`.${name}`));
  });
}

function isPublic(symbol: ts.Symbol, owner: ts.Symbol): boolean {
  const [declaration] = symbol.declarations ?? [];
  if (!declaration || /^(?:__|#|prototype$)/.test(symbol.name)) return false;
  const parent = declaration.parent;
  const isOwn = (ts.isClassDeclaration(parent) || ts.isInterfaceDeclaration(parent)) && parent.name?.text === owner.name;
  const hidden = ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
  return isOwn && !hidden && !tagsOf(symbol).includes('internal');
}

const tagsOf = (symbol: ts.Symbol) => symbol.getJsDocTags(checker).map(({ name }) => name);

const test = suite('documented');
const all = members();

test('there are members to look at', () => {
  const names = all.map(({ owner, name }) => `${owner}.${name}`);
  for (const name of ['RDD.reduceByKey', 'Context.textFile', 'DStream.window', 'Query.where', 'StorageLevel.MEMORY_ONLY']) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(all.length > 250, `${all.length}`);
});

test('each says what it is for', () => {
  const silent = all.filter(({ symbol }) => symbol.getDocumentationComment(checker).length === 0);
  assert.equal(
    silent.map(({ owner, name }) => `${owner}.${name}`),
    [],
  );
});

test('each has an example, which examples.test.ts runs', () => {
  const without = all.filter(({ owner, name, symbol }) => {
    const spared = Object.hasOwn(withoutExample, owner) && withoutExample[owner].test(name);
    return !spared && !tagsOf(symbol).includes('example');
  });
  assert.equal(
    without.map(({ owner, name }) => `${owner}.${name}`),
    [],
  );
});

test.run();
