// Cuts a script into the pieces that are checked and run one after the other.
import ts from 'typescript';
import { declaredBy } from '../entry-syntax';
import { isResultName } from '../result-names';
import { Scopes } from '../scopes';

/** Statements of a script that run together, as one entry. */
export interface ScriptPiece {
  /** Where it is in the script. */
  readonly start: number;
  readonly end: number;
  /** Its line, one-based, and the characters before it on that line. */
  readonly line: number;
  readonly column: number;
}

/**
 * Cuts a script into pieces that run one after the other. A piece is one statement, or several if an earlier one uses a name that a
 * later one declares (a function below its first call): these must be checked and run together. In a saved session, `res0` is the value of
 * an earlier statement, even if a later one declares it.
 */
export function splitStatements(file: ts.SourceFile, isSaved = false): ScriptPiece[] {
  const statements = file.statements.filter((statement) => !ts.isEmptyStatement(statement));
  const last = lastOfEachPiece(statements, new Scopes(file), isSaved);
  const pieces: ScriptPiece[] = [];
  for (let first = 0; first < statements.length; ) {
    const end = last[first];
    pieces.push(pieceOf(file, statements[first], statements[end]));
    first = end + 1;
  }
  return pieces;
}

/** For each statement, the index of the last one that belongs to the piece that starts there. */
function lastOfEachPiece(statements: readonly ts.Statement[], scopes: Scopes, isSaved: boolean): number[] {
  const firstDeclared = new Map<string, number>();
  for (const [index, statement] of statements.entries()) {
    declaredBy(statement, (name) => {
      if (!firstDeclared.has(name) && !(isSaved && isResultName(name))) firstDeclared.set(name, index);
    });
  }
  const reach = statements.map((statement, index) => {
    const uses = [...scopes.outerNames(statement)].map((name) => firstDeclared.get(name) ?? index);
    // An overload belongs to the implementation that follows.
    const next = ts.isFunctionDeclaration(statement) && !statement.body ? Math.min(index + 1, statements.length - 1) : index;
    return Math.max(next, ...uses);
  });
  return statements.map((_, first) => {
    let end = reach[first];
    for (let index = first; index <= end; index++) end = Math.max(end, reach[index]);
    return end;
  });
}

function pieceOf(file: ts.SourceFile, first: ts.Statement, last: ts.Statement): ScriptPiece {
  const start = first.getStart(file);
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return { start, end: last.end, line: line + 1, column: character };
}
