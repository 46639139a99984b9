// The row types of queries: what a template of `sql` answers is asked of the session, and written behind the tag.
import ts from 'typescript';
import { asError } from '../../../runtime/base/errors';
import { type Hole, QueryText, typedText } from '../../../runtime/sql/template';
import type { AskedFact, AskedQuery, AskedTable, Fact } from '../../contract/facts';
import type { Diagnostic } from '../../contract/type-service';
import { isOfApi } from '../symbols';
import { type Addition, type CheckedText, isAdded, ownStatements } from './addition';
import { schemaOfType, valueKind } from './row-schema';

/** What is known of queries and published datasets, and what must be asked. */
export class QueryFacts {
  readonly #known = new Map<string, Fact>();
  readonly #wanted = new Map<string, AskedFact>();
  /** Whether somebody answers. */
  isAsked = false;

  get(asked: AskedFact): Fact | undefined {
    const known = this.#known.get(asked.key);
    if (!known && this.isAsked) this.#wanted.set(asked.key, asked);
    return known;
  }

  get areWanted(): boolean {
    return this.#wanted.size > 0;
  }

  takeWanted(): AskedFact[] {
    const wanted = [...this.#wanted.values()];
    this.#wanted.clear();
    return wanted;
  }

  /** The variables that queries read may have changed. */
  forget(): void {
    this.#known.clear();
  }

  learn(facts: readonly Fact[]): void {
    // A query is asked again once others have taken its place.
    if (this.#known.size > mostKnown) this.#known.clear();
    for (const fact of facts) this.#known.set(fact.key, fact);
  }
}

const mostKnown = 500;

/** Whether a text may have a query in it: else it is not searched. */
export const mayQuery = (text: string): boolean => /\bsql\b[^`]*`/.test(text);

interface Found {
  readonly additions: readonly Addition[];
  readonly faults: readonly Diagnostic[];
}

/** The types and the faults of the queries in a text, as far as they are known. */
export function queriesIn(text: CheckedText, facts: QueryFacts): Found {
  const additions: Addition[] = [];
  const faults: Diagnostic[] = [];
  if (!mayQuery(text.source.text)) return { additions, faults };
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isTaggedTemplateExpression(node) || !isUntyped(text, node)) return;
    const type = text.checker.getTypeAtLocation(node.tag);
    if (type.symbol?.name !== 'SqlTag' || !isOfApi(type)) return;
    const query = new CheckedQuery(text, node);
    const fact = query.asked && facts.get(query.asked);
    if (query.fault) faults.push(query.fault);
    else if (fact?.fault) faults.push(query.diagnostic(fact.fault.message, fact.fault.position));
    else if (fact?.row) additions.push({ at: text.layout.toOriginal(node.tag.end), text: `<${fact.row}>` });
  };
  for (const statement of ownStatements(text)) visit(statement);
  return { additions, faults };
}

/** The user gave no type for the rows. */
const isUntyped = (text: CheckedText, { typeArguments }: ts.TaggedTemplateExpression): boolean =>
  typeArguments === undefined || typeArguments.every((argument) => isAdded(text, argument));

class CheckedQuery {
  /** Undefined where the types do not tell its tables or values. */
  readonly asked: AskedQuery | undefined;
  /** What is wrong with the template itself. */
  readonly fault: Diagnostic | undefined;
  readonly #text: CheckedText;
  readonly #literals: readonly ts.Node[];
  #query: QueryText | undefined;

  constructor(text: CheckedText, { tag, template }: ts.TaggedTemplateExpression) {
    this.#text = text;
    const spans = ts.isTemplateExpression(template) ? template.templateSpans : [];
    this.#literals = ts.isTemplateExpression(template) ? [template.head, ...spans.map(({ literal }) => literal)] : [template];
    const holes = spans.map(({ expression }, i) => this.#hole(expression, i));
    try {
      this.#query = new QueryText(
        this.#literals.map((literal) => typedText(rawText(literal))),
        holes.map(({ hole }) => hole),
      );
    } catch (error) {
      this.fault = this.diagnostic(
        asError(error)
          .message.split('\n')[0]
          .replace(/^[^:]*: /, ''),
      );
      return;
    }
    const tables = holes.flatMap(({ table }) => table ?? []);
    const values = holes.flatMap(({ hole, value }) => (hole.kind === 'value' ? [value] : []));
    const areTables = holes.every(({ hole, table }) => hole.kind === 'value' || table !== undefined);
    if (!areTables || values.some((value) => value === undefined)) return;
    const int64 = /int64\s*:\s*['"]bigint['"]/.test(tag.getText(text.source)) ? 'bigint' : 'number';
    const asked = { text: this.#query.text, tables, values: values as string[], int64 } as const;
    this.asked = { key: JSON.stringify(asked), ...asked };
  }

  #hole(expression: ts.Expression, index: number): { hole: Hole; table?: AskedTable; value?: string } {
    const { checker, source } = this.#text;
    const type = checker.getTypeAtLocation(expression);
    const element = isDataset(type) ? type.getProperty('element') : undefined;
    if (!element) return { hole: { kind: 'value' }, value: valueKind(type, checker) };
    const variable = ts.isIdentifier(expression) ? expression.getText(source) : undefined;
    const name = variable ?? `t${index + 1}`;
    const schema = schemaOfType(checker.getTypeOfSymbolAtLocation(element, expression), checker);
    return { hole: { kind: 'table', name }, table: schema && { name, schema, variable } };
  }

  /** An error in the template: at a position of the query, or about all of it. */
  diagnostic(message: string, position?: number): Diagnostic {
    const { layout, source } = this.#text;
    const [first] = this.#literals;
    const last = this.#literals[this.#literals.length - 1];
    const code = 0;
    const whole = { start: layout.toOriginal(first.getStart(source)), end: layout.toOriginal(last.end) };
    if (position === undefined || !this.#query) return { message, code, start: whole.start, length: whole.end - whole.start };
    const { piece, offset } = this.#query.pieceAt(position);
    const literal = this.#literals[Math.floor(piece / 2)];
    // Even pieces are literals, behind their opening sign; odd ones are holes, which begin where the literal before ends.
    const at = piece % 2 === 0 ? literal.getStart(source) + 1 + offset : literal.end;
    const start = layout.toOriginal(at);
    const word = /^(?:[\p{ID_Continue}$]+|"[^"]*"|\S?)/u.exec(source.text.slice(at))?.[0].length ?? 1;
    return { message, code, start, length: Math.max(1, word) };
  }
}

/** The text of a literal between its signs, as it was typed. */
function rawText(literal: ts.Node): string {
  const text = literal.getText();
  return text.slice(1, text.endsWith('${') ? -2 : -1);
}

const isDataset = (type: ts.Type): boolean =>
  type.getProperty('element') !== undefined &&
  type.getProperty('numPartitions') !== undefined &&
  type.getProperty('context') !== undefined;
