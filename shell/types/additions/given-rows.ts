// A type of rows that is given, as in `sc.csv<Flight>('flights.csv')`, is held against the columns of the file.
import ts from 'typescript';
import { nearest } from '../../../runtime/base/nearest';
import type { Diagnostic } from '../../contract/type-service';
import { readersOfTables, type TypeOfTable, typeOfCall } from './added-schemas';
import { type CheckedText, isAdded } from './addition';

/** What a value of a column may be, as far as it is compared: `number`, `string`, `Date`, `null`; `undefined` where it may be missing. */
type Kind = string;

/** Columns with their kinds; `any` for what is not compared, such as what is nested. */
type Columns = ReadonlyMap<string, ReadonlySet<Kind>>;

/** Columns that are named in a message. */
const mostNamed = 8;

/**
 * The columns of given types that the files do not have, or of another kind than they have. Else TypeScript believes what is given, and the
 * first row shows that it was wrong, or no row does. A narrower type is believed: `'AA' | 'BB'` for a column of texts.
 */
export function rowFaults(text: CheckedText, typeOf: TypeOfTable): Diagnostic[] {
  const faults: Diagnostic[] = [];
  for (const { call, access } of readersOfTables(text)) {
    const given = call.typeArguments?.[0];
    if (!given || isAdded(text, given)) continue;
    const columns = columnsOf(typeOfCall(call, access, typeOf) ?? '');
    if (isGuess(columns) || isMadeHere(call, text)) continue;
    const message = faultOf(given, columns, text);
    if (!message) continue;
    const start = text.layout.toOriginal(given.getStart(text.source));
    faults.push({ message, code: 0, start, length: text.layout.toOriginal(given.end) - start });
  }
  return faults;
}

function faultOf(given: ts.TypeNode, columns: Columns, { checker, source }: CheckedText): string | undefined {
  const type = checker.getTypeFromTypeNode(given);
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown) || checker.getIndexInfosOfType(type).length > 0) return undefined;
  for (const property of checker.getPropertiesOfType(type)) {
    const { name } = property;
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    const wanted = kindsOf(checker.getTypeOfSymbolAtLocation(property, given), checker);
    const found = columns.get(name);
    if (!found && !isOptional && !wanted.has('any')) return noColumn(name, [...columns.keys()]);
    if (!found || found.has('any') || wanted.has('any')) continue;
    if (isOptional) wanted.add('undefined');
    const isSame = [...found].every((kind) => wanted.has(kind));
    if (isSame) continue;
    const optional = found.has('undefined') ? '?' : '';
    const kinds = new Set([...found].filter((kind) => optional === '' || kind !== 'undefined'));
    return (
      `The column ${name} is ${shown(found)}, not ${shown(wanted)} as in ${given.getText(source)}. ` +
      `Write ${name}${optional}: ${shown(kinds)}, or give { types } to read it otherwise.`
    );
  }
  return undefined;
}

/** Without rows there are no columns, or those of a header, whose kinds nothing tells. */
const isGuess = (columns: Columns): boolean =>
  [...columns.values()].every((kinds) => kinds.size === 2 && kinds.has('string') && kinds.has('null'));

/** Whether the same text names what is read a second time: it may write it first, so that what is there now says nothing. */
function isMadeHere(call: ts.CallExpression, { source }: CheckedText): boolean {
  const literalsIn = (node: ts.Node): string[] => {
    if (ts.isStringLiteralLike(node)) return [node.text.replace(/^\.\//, '').replace(/\/$/, '')];
    const below: string[] = [];
    ts.forEachChild(node, (child) => {
      if (child !== call) below.push(...literalsIn(child));
    });
    return below;
  };
  const paths = literalsIn(call.arguments[0]);
  const others = literalsIn(source).filter((text) => text !== '');
  const isWithin = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  return paths.some((path) => others.some((other) => isWithin(path, other) || isWithin(other, path)));
}

/** As people write a union: that there may be no value comes last. */
function shown(kinds: ReadonlySet<Kind>): string {
  const isEmpty = (kind: Kind) => kind === 'null' || kind === 'undefined';
  return [...kinds].sort((a, b) => Number(isEmpty(a)) - Number(isEmpty(b))).join(' | ');
}

function noColumn(name: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  const more = names.length > mostNamed ? ', …' : '';
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return `There is no column ${name} in what is read.${hint} There are ${names.slice(0, mostNamed).join(', ')}${more}.`;
}

/** The columns of a type as `rowType` writes it. */
function columnsOf(type: string): Columns {
  const columns = new Map<string, ReadonlySet<Kind>>();
  const source = ts.createSourceFile('row.ts', `type Row = ${type}`, ts.ScriptTarget.Latest);
  const [row] = source.statements;
  if (!row || !ts.isTypeAliasDeclaration(row) || !ts.isTypeLiteralNode(row.type)) return columns;
  for (const member of row.type.members) {
    if (!ts.isPropertySignature(member) || !member.type || ts.isComputedPropertyName(member.name)) continue;
    const parts = ts.isUnionTypeNode(member.type) ? [...member.type.types] : [member.type];
    const kinds = new Set(parts.map((part) => part.getText(source)).map((kind) => (compared.has(kind) ? kind : 'any')));
    if (member.questionToken) kinds.add('undefined');
    columns.set(member.name.text, kinds);
  }
  return columns;
}

const compared: ReadonlySet<Kind> = new Set(['number', 'string', 'boolean', 'bigint', 'Date', 'null', 'undefined']);

function kindsOf(type: ts.Type, checker: ts.TypeChecker): Set<Kind> {
  const parts = type.isUnion() ? type.types : [type];
  return new Set(parts.map((part) => kindOf(part, checker)));
}

const kindFlags: readonly (readonly [flags: ts.TypeFlags, kind: Kind])[] = [
  [ts.TypeFlags.StringLike, 'string'],
  [ts.TypeFlags.NumberLike, 'number'],
  [ts.TypeFlags.BooleanLike, 'boolean'],
  [ts.TypeFlags.BigIntLike, 'bigint'],
  [ts.TypeFlags.Null, 'null'],
  [ts.TypeFlags.Undefined, 'undefined'],
];

function kindOf(type: ts.Type, checker: ts.TypeChecker): Kind {
  const [, kind] = kindFlags.find(([flags]) => (type.flags & flags) !== 0) ?? [];
  if (kind !== undefined) return kind;
  return type.symbol?.name === 'Date' && checker.typeToString(type) === 'Date' ? 'Date' : 'any';
}
