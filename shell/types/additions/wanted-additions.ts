// What is added to an entry so that the checker sees what is meant: `await` before the answers of jobs, and types that cannot be inferred.
import type { CheckOptions } from '../../contract/type-service';
import { awaitsOf } from './added-awaits-in-declarations';
import { assignedFields } from './added-fields';
import { narrowedFilters } from './added-predicates';
import { publishedElements } from './added-published';
import { looseLiterals } from './added-types';
import type { Addition, CheckedText } from './addition';

/** The additions that a text needs, as its types are with those that it has already. */
export function additionsFor(text: CheckedText, { answers, strict }: CheckOptions, rowTypes: readonly Addition[]): Addition[] {
  return [
    ...rowTypes,
    ...(answers ? awaitsOf(text) : []),
    ...(strict ? [] : [...looseLiterals(text), ...assignedFields(text)]),
    ...narrowedFilters(text),
    ...publishedElements(text),
  ].sort((a, b) => a.at - b.at);
}
