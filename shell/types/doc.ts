// `.doc`: finds a name or a path like `rdd.reduceByKey`, with its signatures, text and examples.
import ts from 'typescript';
import { nearest } from '../../runtime/base/nearest';
import type { Documentation } from '../contract/type-service';
import { cleanTypeText } from './entry-names';

export interface DocAnswer {
  readonly found: readonly Documentation[];
  readonly near: readonly string[];
}

/** Where documentation is searched. */
export interface DocScope {
  readonly checker: ts.TypeChecker;
  /** The symbol of the requested text, if an entry could use that name. */
  readonly asked: ts.Symbol | undefined;
  /** The exports of the API. */
  readonly exports: readonly ts.Symbol[];
}

/** A symbol, and how users write it. */
interface Named {
  readonly name: string;
  readonly symbol: ts.Symbol;
}

const maxFound = 6;
const maxNear = 3;
/** Lines of a type's declaration that are shown. */
const maxTypeLines = 20;

export function documentationOf(name: string, scope: DocScope): DocAnswer {
  const found = find(name, scope).slice(0, maxFound);
  if (found.length > 0) return { found: found.map((named) => describe(named, scope.checker)), near: [] };
  return { found: [], near: nearestNames(name, scope) };
}

function find(name: string, scope: DocScope): Named[] {
  if (scope.asked) return [{ name: ownName(name, scope.asked), symbol: scope.asked }];
  const [first, member] = name.split('.');
  const exported = scope.exports.filter((symbol) => symbol.name.toLowerCase() === first.toLowerCase());
  if (member === undefined) {
    if (exported.length > 0) return exported.map((symbol) => ({ name: symbol.name, symbol }));
    return allMembers(scope).filter(({ symbol }) => symbol.name === name);
  }
  return exported.flatMap((owner) => membersOf(owner, scope.checker)).filter(({ symbol }) => symbol.name === member);
}

/** The owner shown before a member: its class, so that `counts.map` and `rdd.map` are the same; `sc` for the context. */
function ownName(asked: string, symbol: ts.Symbol): string {
  const owner = ownerOf(symbol);
  return owner === undefined || !asked.includes('.') || /^sc\.\w+$/.test(asked) ? asked : `${owner}.${symbol.name}`;
}

/** The class or interface that declares a member. */
function ownerOf(symbol: ts.Symbol): string | undefined {
  const parent = symbol.declarations?.[0]?.parent;
  return parent && (ts.isClassDeclaration(parent) || ts.isInterfaceDeclaration(parent)) ? parent.name?.text : undefined;
}

/** The named members of a class, static ones too. */
function membersOf(owner: ts.Symbol, checker: ts.TypeChecker): Named[] {
  if ((owner.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) === 0) return [];
  const instance = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(owner));
  const isClass = (owner.flags & ts.SymbolFlags.Class) !== 0;
  const statics = isClass ? checker.getPropertiesOfType(checker.getTypeOfSymbol(owner)) : [];
  return [...instance, ...statics].filter(isAskable).map((symbol) => {
    return { name: `${ownerOf(symbol) ?? owner.name}.${symbol.name}`, symbol };
  });
}

function isAskable(symbol: ts.Symbol): boolean {
  const [declaration] = symbol.declarations ?? [];
  if (!declaration || symbol.name === 'prototype' || /^(?:__|#)/.test(symbol.name)) return false;
  if (ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal')) return false;
  return (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;
}

/** Members of the API's classes; an inherited one appears once, under the first class. */
function allMembers({ exports, checker }: DocScope): Named[] {
  const seen = new Set<ts.Node | undefined>();
  return exports
    .flatMap((owner) => membersOf(owner, checker))
    .filter(({ symbol }) => {
      const [declaration] = symbol.declarations ?? [];
      if (declaration.getSourceFile().fileName.includes('/node_modules/') || seen.has(declaration)) return false;
      seen.add(declaration);
      return true;
    });
}

function describe({ name, symbol }: Named, checker: ts.TypeChecker): Documentation {
  const documented = documentedSymbol(symbol, checker);
  const examples = documented.getJsDocTags(checker).filter((tag) => tag.name === 'example');
  return {
    name,
    signatures: signaturesOf(documented, checker).map((signature) => withoutUndefined(cleanTypeText(signature))),
    text: ts
      .displayPartsToString(documented.getDocumentationComment(checker))
      .replace(/[ \t]*\n[ \t]*/g, '\n')
      .trim(),
    examples: examples.map(({ text }) => ts.displayPartsToString(text).trim()),
  };
}

/** Drops `| undefined` from optional parameters, which imply it. */
const withoutUndefined = (signature: string) => signature.replace(/(\?: [^,()]*?) \| undefined/g, '$1');

/** A variable without its own documentation gets that of its value's class: `sc` that of Context. */
function documentedSymbol(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  if ((symbol.flags & ts.SymbolFlags.Variable) === 0 || symbol.getDocumentationComment(checker).length > 0) return symbol;
  const type = checker.getTypeOfSymbol(symbol);
  return type.getSymbol()?.getDocumentationComment(checker).length ? type.getSymbol()! : symbol;
}

function signaturesOf(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const [declaration] = symbol.declarations ?? [];
  if (!declaration) return [];
  if ((symbol.flags & ts.SymbolFlags.Class) !== 0) return [classHead(declaration)];
  if ((symbol.flags & ts.SymbolFlags.Type) !== 0) return [typeText(declaration)];
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
  const calls = type.getCallSignatures();
  if (calls.length === 0) return [`${symbol.name}: ${checker.typeToString(type)}`];
  return calls.map((call) => symbol.name + checker.signatureToString(call));
}

function classHead(declaration: ts.Declaration): string {
  return /^[^{]*/
    .exec(declaration.getText())![0]
    .replace(/^(?:export|declare|default|\s)+/, '')
    .trim();
}

function typeText(declaration: ts.Declaration): string {
  const text = declaration
    .getText()
    .replace(/\/\*\*[\s\S]*?\*\/\s*/g, '')
    .replace(/^(?:export|declare|\s)+/, '');
  const lines = text.split('\n');
  return lines.length > maxTypeLines ? [...lines.slice(0, maxTypeLines), '  …'].join('\n') : text;
}

function nearestNames(name: string, scope: DocScope): string[] {
  const word = name.split('.').at(-1) ?? name;
  const all = new Map(
    allMembers(scope)
      .map((named) => [named.symbol.name, named.name] as const)
      .reverse(),
  );
  for (const { name: exported } of scope.exports) all.set(exported, exported);
  const near: string[] = [];
  const names = [...all.keys()];
  for (let best = nearest(word, names); best !== undefined && near.length < maxNear; best = nearest(word, names)) {
    near.push(all.get(best)!);
    names.splice(names.indexOf(best), 1);
  }
  return near;
}
