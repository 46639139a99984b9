// The names of results: the value of an entry's last expression is res0, res1, … by the first number that the user has not declared.

/** Whether a variable holds the value of an entry's last expression: res0, res1, … */
export function isResultName(name: string): boolean {
  return /^res\d+$/.test(name);
}

export class ResultNames {
  /** The number of the next result, if no name of the user's is in the way. */
  #next = 0;
  /** Names like those of results that the user declared: no result gets them. */
  #users: ReadonlySet<string> = new Set();

  get next(): number {
    return this.#next;
  }

  /** The name of the next result: none that the entry declares. */
  nextName(declares: (name: string) => boolean): string {
    return `res${this.free(this.#next, declares)}`;
  }

  /** The first number from `next` on whose `resN` nobody declares. */
  free(next: number, declares: (name: string) => boolean): number {
    let number = next;
    while (declares(`res${number}`) || this.#users.has(`res${number}`)) number++;
    return number;
  }

  /** The user declared names. */
  declared(names: readonly string[]): void {
    this.#users = new Set([...this.#users, ...names.filter(isResultName)]);
  }

  /** A result has got its name. */
  given(name: string): void {
    this.#next = Math.max(this.#next, Number(name.slice('res'.length)) + 1);
  }

  copy(): ResultNames {
    const copy = new ResultNames();
    copy.#next = this.#next;
    copy.#users = this.#users;
    return copy;
  }
}
