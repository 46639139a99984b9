// Checks the text of an entry or a script: with what it needs added, until nothing more does, and with messages for the user.
import path from 'node:path';
import ts from 'typescript';
import type { CheckOptions, Declared, Diagnostic } from '../contract/type-service';
import { predicateBodies } from './additions/added-predicates';
import { type QueryFacts, queriesIn } from './additions/added-queries';
import { type TypeOfTable, tableTypes } from './additions/added-schemas';
import { type Addition, type CheckedText, sameAdditions } from './additions/addition';
import { rowFaults } from './additions/given-rows';
import { additionsFor } from './additions/wanted-additions';
import type { KnownEntries } from './known-entries';
import type { Host } from './language-host';
import { withEarlierTypes } from './messages/earlier-types';
import { codeOf, firstCauses, messageOf } from './messages/error-messages';
import type { TypedText } from './text-layout';

/** A text as it was checked, with what was added to it. */
export interface CheckedWith<T> {
  readonly text: T;
  readonly additions: readonly Addition[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A text to check. */
export interface Draft<T> {
  readonly file: string;
  readonly declared: readonly Declared[];
  /** The text with these additions, at positions of the text as typed. */
  compose(additions: readonly Addition[]): T;
}

// Not an error at a prompt: a package without type declarations is `any`.
const harmless = new Set([7016]);

const noSuchModule = 2307;

/** A module of the user's that `import()` names may be written before it is reached. */
const isMadeLater = ({ code, start = 0 }: ts.Diagnostic, source: ts.SourceFile): boolean =>
  code === noSuchModule &&
  /^(['"`])\.{1,2}\//.test(source.text.slice(start)) &&
  /\bimport\s*\(\s*$/.test(source.text.slice(0, start));

/** What a function answers is no boolean, as its predicate would have it. */
const notAssignable = 2322;

/** An addition may change a type, and so what else is added; it settles after two or three rounds. */
const maxRounds = 8;

export class TextChecker {
  readonly #host: Host;
  readonly #service: ts.LanguageService;
  readonly #known: KnownEntries;
  readonly #facts: QueryFacts;

  readonly #typeOf: TypeOfTable;

  constructor(
    host: Host,
    service: ts.LanguageService,
    known: KnownEntries,
    { facts, typeOf }: { readonly facts: QueryFacts; readonly typeOf: TypeOfTable },
  ) {
    this.#facts = facts;
    this.#typeOf = typeOf;
    this.#host = host;
    this.#service = service;
    this.#known = known;
  }

  check<T extends TypedText>(draft: Draft<T>, { answers = false, strict = false }: CheckOptions = {}): CheckedWith<T> {
    this.#host.setStrict(strict);
    this.#host.setFolder(path.dirname(draft.file));
    let additions: readonly Addition[] = [];
    for (let round = 1; ; round++) {
      const text = draft.compose(additions);
      this.#host.write(draft.file, text.composed());
      this.#host.setRoots([...this.#known.always, draft.file]);
      const program = this.#service.getProgram()!;
      const checked = { source: program.getSourceFile(draft.file)!, checker: program.getTypeChecker(), layout: text };
      const queries = queriesIn(checked, this.#facts);
      const rowTypes = [...tableTypes(checked, this.#typeOf), ...queries.additions];
      const wanted = additionsFor(checked, { answers, strict }, rowTypes);
      if (round === maxRounds || sameAdditions(wanted, additions))
        return {
          text,
          additions,
          diagnostics: [
            ...queries.faults,
            ...rowFaults(checked, this.#typeOf),
            ...this.#diagnostics(program, checked, draft.declared, strict),
          ],
        };
      additions = wanted;
    }
  }

  #diagnostics(program: ts.Program, text: CheckedText, declared: readonly Declared[], strict: boolean): Diagnostic[] {
    const { source, layout } = text;
    const all = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    const errors = all.filter(
      (found) => found.category === ts.DiagnosticCategory.Error && !harmless.has(found.code) && !isMadeLater(found, source),
    );
    const ours = new Set(predicateBodies(text));
    // An error in the tail concerns an older name whose declaration could not be emitted, not this entry.
    const typed = errors.filter(
      ({ start = 0, code }) => start <= layout.bodyLength() && !(code === notAssignable && ours.has(start)),
    );
    const own = new Set(declared.map(({ name }) => name));
    const module = source.fileName.slice(0, -'.ts'.length);
    const known = {
      current: (name: string) => (own.has(name) ? module : this.#known.names.get(name)?.module),
      label: (path: string) => this.#known.labels.get(path),
    };
    return firstCauses(typed, strict, text).map((found) => {
      const start = layout.toOriginal(found.start ?? 0);
      const length = layout.toOriginal((found.start ?? 0) + (found.length ?? 0)) - start;
      return { message: withEarlierTypes(messageOf(found, text), found, text, known), code: codeOf(found), start, length };
    });
  }
}
