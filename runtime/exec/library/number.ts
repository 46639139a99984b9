// Elements that must be numbers.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';

/** The element as a number. Throws BAD_ARGUMENT. */
export function numberOf(operation: string, x: unknown): number {
  if (typeof x === 'number') return x;
  throw new MillraceError('BAD_ARGUMENT', {
    operation,
    argument: 'an element',
    value: showElement(x),
    rule: 'a number',
    remedy: 'Make numbers first, for example .map(Number).',
  });
}
