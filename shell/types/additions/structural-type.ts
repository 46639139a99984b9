// The type of published rows as text that means the same in every session: the user's own types by their fields, those of the language by name.
import ts from 'typescript';

/** Types nested deeper are `any`. */
const maxDepth = 8;

/** Types of the language whose values arrive as they were, by name. */
const plainClasses = new Set(['Date', 'RegExp', 'Uint8Array', 'Buffer', 'ArrayBuffer', 'Error', 'RangeError', 'TypeError']);
const generic = new Set(['Array', 'ReadonlyArray', 'Set', 'ReadonlySet', 'Map', 'ReadonlyMap']);
const typedArray = /^(?:Int8|Uint8Clamped|Int16|Uint16|Int32|Uint32|Float32|Float64|BigInt64|BigUint64)Array$/;

/** The text of a type, by its structure. */
export function structuralText(type: ts.Type, checker: ts.TypeChecker, depth = 0): string {
  const { flags } = type;
  const of = (part: ts.Type) => structuralText(part, checker, depth + 1);
  if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown) || depth > maxDepth) return 'any';
  if (flags & ts.TypeFlags.EnumLike && !(flags & ts.TypeFlags.Boolean))
    return flags & ts.TypeFlags.StringLike ? 'string' : 'number';
  if (flags & primitive) return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  if (type.isUnion())
    return [...new Set(type.types.map(of).map((text) => (text.includes('=>') ? `(${text})` : text)))].join(' | ');
  if (checker.isTupleType(type)) return tupleText(type as ts.TypeReference, checker, of);
  const name = type.symbol?.name ?? '';
  const parts = checker.getTypeArguments(type as ts.TypeReference);
  if (generic.has(name) && isOfLanguage(type)) return genericText(name, parts.map(of));
  if ((plainClasses.has(name) || typedArray.test(name)) && isOfLanguage(type)) return name;
  const isObject = (flags & ts.TypeFlags.Object) !== 0 || type.isIntersection();
  return isObject && type.getCallSignatures().length === 0 ? fieldsText(type, checker, of) : 'any';
}

const primitive =
  ts.TypeFlags.StringLike |
  ts.TypeFlags.NumberLike |
  ts.TypeFlags.BigIntLike |
  ts.TypeFlags.BooleanLike |
  ts.TypeFlags.Null |
  ts.TypeFlags.Undefined |
  ts.TypeFlags.Void |
  ts.TypeFlags.Never;

/** The text of a type in front of `[]`. */
const grouped = (text: string): string => (/^readonly | \| |=>/.test(text) ? `(${text})` : text);

function genericText(name: string, parts: readonly string[]): string {
  if (name === 'Array') return `${grouped(parts[0])}[]`;
  return name === 'ReadonlyArray' ? `readonly ${grouped(parts[0])}[]` : `${name}<${parts.join(', ')}>`;
}

function tupleText(type: ts.TypeReference, checker: ts.TypeChecker, of: (part: ts.Type) => string): string {
  const { elementFlags, readonly } = type.target as ts.TupleType;
  const parts = checker.getTypeArguments(type).map((part, i) => {
    const text = of(part);
    if (elementFlags[i] & ts.ElementFlags.Rest) return `...${grouped(text)}[]`;
    return elementFlags[i] & ts.ElementFlags.Optional ? `(${text})?` : text;
  });
  return `${readonly ? 'readonly ' : ''}[${parts.join(', ')}]`;
}

/** The fields of an object: methods and accessors stay with the class, which another session does not have. */
function fieldsText(type: ts.Type, checker: ts.TypeChecker, of: (part: ts.Type) => string): string {
  const fields = checker.getPropertiesOfType(type).flatMap((property) => {
    if (property.flags & (ts.SymbolFlags.Method | ts.SymbolFlags.Accessor) || isPrivate(property)) return [];
    const part = checker.getTypeOfSymbol(property);
    if (part.getCallSignatures().length > 0) return [];
    const key = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(property.name) ? property.name : JSON.stringify(property.name);
    if ((property.flags & ts.SymbolFlags.Optional) === 0) return [`${key}: ${of(part)}`];
    return [`${key}?: ${of(part).replace(/^undefined \| /, '')}`];
  });
  const indexes = checker.getIndexInfosOfType(type).map(({ keyType, type: value }) => {
    return `[key: ${keyType.flags & ts.TypeFlags.Number ? 'number' : 'string'}]: ${of(value)}`;
  });
  const all = [...indexes, ...fields];
  return all.length === 0 ? '{}' : `{ ${all.join('; ')} }`;
}

const isPrivate = ({ name, declarations = [] }: ts.Symbol): boolean =>
  name.startsWith('__#') ||
  declarations.some((one) => (ts.getCombinedModifierFlags(one) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0);

/** Declared by TypeScript's libraries or Node's, not by the user. */
const isOfLanguage = ({ symbol }: ts.Type): boolean =>
  symbol?.declarations?.some((one) => /\/lib\.[^/]*\.d\.ts$|\/@types\/node\//.test(one.getSourceFile().fileName)) === true;
