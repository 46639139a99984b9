// Declarations as Scala writes them: the error says how TypeScript does.
import ts from 'typescript';

/** 'Unexpected keyword', and 'Declaration or statement expected'. */
const unexpectedWord = new Set([1434, 1128]);

const scalaWords: Readonly<Record<string, string>> = {
  val: 'const x = …',
  def: 'function f(x: number) { return … }, or const f = (x: number) => …',
  lazy: 'const x = () => …',
  object: 'const x = { … }',
  trait: 'interface X { … }',
  case: 'class X { constructor(readonly a: number) {} }, or interface X { a: number }',
};

/** The message for a parser error; a Scala declaration gets its TypeScript form. */
export function syntaxMessage({ code, file, start, length, messageText }: ts.DiagnosticWithLocation): string {
  const word = file.text.slice(start, start + length);
  if (unexpectedWord.has(code) && Object.hasOwn(scalaWords, word))
    return `${word} is Scala; in TypeScript write ${scalaWords[word]}.`;
  return ts.flattenDiagnosticMessageText(messageText, '\n');
}
