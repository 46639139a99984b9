// Undo and redo: earlier states of an entry, one per run of typing.

export interface State {
  readonly text: string;
  readonly cursor: number;
}

const maxSteps = 500;
/** UTF-16 units of all states together, so that undo in a huge paste does not fill the memory. */
const maxUnits = 16 * 1024 * 1024;

export class UndoHistory {
  #past: State[] = [];
  #future: State[] = [];
  #units = 0;
  /** The kind of the last change: consecutive changes of one kind are one step. */
  #run: string | undefined;

  /** Call it with the state before each change; `run` names changes that belong together. */
  changing(before: State, run: string | undefined): void {
    this.#future = [];
    const goesOn = run !== undefined && run === this.#run;
    this.#run = run;
    if (goesOn) return;
    this.#past.push(before);
    this.#units += before.text.length;
    while (this.#past.length > maxSteps || this.#units > maxUnits) this.#units -= this.#past.shift()?.text.length ?? 0;
  }

  /** Ends a run: the next change starts a new step. */
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

  /** Forgets everything, for a new entry. */
  clear(): void {
    this.#past = [];
    this.#future = [];
    this.#units = 0;
    this.#run = undefined;
  }
}
