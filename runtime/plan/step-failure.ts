// Where a thrown error came from: the step that ran, and the element that it was given.
import { asError } from '../base/errors';

/** A step by the operator that it is reported with; a node of the plan, where it is one. */
export interface NamedStep {
  readonly name: string;
}

/** Where a thrown error came from: the step and its element, noted for the report. */
export class StepFailure extends Error {
  readonly thrown: unknown;
  readonly operator: string;
  readonly element: string | undefined;
  readonly step: NamedStep | undefined;

  constructor(thrown: unknown, operator: string, element: string | undefined, step?: NamedStep) {
    super(asError(thrown).message);
    this.thrown = thrown;
    this.operator = operator;
    this.element = element;
    this.step = step;
  }
}
