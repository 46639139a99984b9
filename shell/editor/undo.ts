// The earlier states of an entry: what undo goes back to, a run of typing at a time, and redo forward again.

export interface State {
  readonly text: string;
  readonly cursor: number;
}

const maxSteps = 500;
/** Together in UTF-16 units, so that undoing in a huge paste does not take the memory. */
const maxUnits = 16 * 1024 * 1024;

export class UndoHistory {
  #past: State[] = [];
  #future: State[] = [];
  #units = 0;
  /** The kind of the last change: changes of one kind that follow each other are one step. */
  #run: string | undefined;

  /** To be told of the state before each change; `run` names changes that belong together. */
  changing(before: State, run: string | undefined): void {
    this.#future = [];
    const goesOn = run !== undefined && run === this.#run;
    this.#run = run;
    if (goesOn) return;
    this.#past.push(before);
    this.#units += before.text.length;
    while (this.#past.length > maxSteps || this.#units > maxUnits) this.#units -= this.#past.shift()?.text.length ?? 0;
  }

  /** Ends a run: the next change is a step of its own. */
  pause(): void {
    this.#run = undefined;
  }

  undo(now: State): State | undefined {
    const state = this.#past.pop();
    if (!state) return undefined;
    this.#units -= state.text.length;
    this.#future.push(now);
    this.#run = undefined;
    return state;
  }

  redo(now: State): State | undefined {
    const state = this.#future.pop();
    if (!state) return undefined;
    this.#past.push(now);
    this.#units += now.text.length;
    this.#run = undefined;
    return state;
  }

  /** Forgets everything: another entry begins. */
  clear(): void {
    this.#past = [];
    this.#future = [];
    this.#units = 0;
    this.#run = undefined;
  }
}
