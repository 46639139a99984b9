// Making an instance of a class with #private parts without running its constructor's body: only the class itself can add them.

/** Answers everything with itself, so that whatever a constructor does to its parameters does no harm. */
const anything: object = new Proxy(function anything() {}, {
  get(_, key) {
    if (key === Symbol.toPrimitive) return () => '';
    if (key === Symbol.iterator) return () => [][Symbol.iterator]();
    return anything;
  },
  set: () => true,
  apply: () => anything,
});

/** As many arguments as a constructor may take apart; given, so that no default value is evaluated. */
const anythingArguments: readonly object[] = new Array(16).fill(anything);

/** Tells guarded constructors that an instance is being rebuilt, and what to hand to the class above. */
export class Revival {
  /** True while an instance is being rebuilt. */
  on = false;
  readonly #guarded = new WeakSet<object>();

  /**
   * Says that a class was guarded, so that it may be called with anything. A derived class without a constructor of its own hands
   * its arguments on, so it is as safe as its parent.
   */
  admit(c: Function, handsOn: boolean): void {
    if (!handsOn || this.#guarded.has(Object.getPrototypeOf(c))) this.#guarded.add(c);
  }

  /** Arguments for `super(...)`: classes that are not guarded, such as Map, get none. */
  args(parent: unknown): readonly object[] {
    return typeof parent === 'function' && this.#guarded.has(parent) ? anythingArguments : [];
  }

  /** A new instance of the class, with its #private parts in place and everything else left out. */
  make(c: Function): object {
    const outer = this.on;
    this.on = true;
    try {
      return Reflect.construct(c, this.args(c)) as object;
    } finally {
      this.on = outer;
    }
  }
}
