// Random modules in which five names are declared again and again, in every scope of the language.
import type { Random } from '../../runtime/base/time';

const names = ['a', 'b', 'c', 'd', 'e'] as const;

/** Statements trace numbers by `t`, `n` makes one of whatever a name holds, and `later` calls functions when the module is over. */
export class ModuleMaker {
  readonly #random: Random;
  /** `await` stands outside of functions only. */
  #functions = 0;
  #depth = 2;
  /** Names that are not read now: `const a = a` fails in Node, where the session finds no value. */
  #unread: ReadonlySet<string> = new Set();
  readonly #constants = new Set<string>();
  /** Everything is declared before it is used, and no constant is assigned: such a module runs to its end. */
  readonly #isCalm: boolean;

  constructor(random: Random) {
    this.#random = random;
    this.#isCalm = random.below(2) === 0;
  }

  /** The statements of a module. Each name is declared once at the top level. */
  statements(): string[] {
    const declared = names.map((name, index) => {
      this.#unread = new Set(this.#isCalm ? names.slice(index) : [name]);
      return this.#declaration(name);
    });
    this.#unread = new Set();
    const others = Array.from({ length: 3 + this.#random.below(6) }, () => this.#statement());
    if (this.#isCalm) return [...declared, ...others];
    const all = [...others];
    for (const statement of declared) all.splice(this.#random.below(all.length + 1), 0, statement);
    return all;
  }

  #name(): string {
    return this.#pick(names);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)];
  }

  /** The text of one of the makers, which are called only if they are chosen. */
  #one(makers: readonly (() => string)[]): string {
    return this.#pick(makers)();
  }

  #inFunction(make: () => string): string {
    this.#functions++;
    const text = make();
    this.#functions--;
    return text;
  }

  /** A declaration with its initial value, which in a calm module does not read the name. */
  #initial(declare: (name: string, value: string) => string): string {
    const name = this.#name();
    const outer = this.#unread;
    if (this.#isCalm) this.#unread = new Set([...outer, name]);
    const value = this.#number();
    this.#unread = outer;
    return declare(name, value);
  }

  #number(): string {
    const read = () => `n(${this.#pick(names.filter((name) => !this.#unread.has(name)))})`;
    const digit = () => String(this.#random.below(10));
    const leaves = this.#unread.size === names.length ? [digit] : [digit, read, read];
    if (this.#depth === 0) return this.#one(leaves);
    this.#depth--;
    const text = this.#one([...leaves, ...this.#compound()]);
    this.#depth++;
    return text;
  }

  #compound(): (() => string)[] {
    const number = () => this.#number();
    const name = () => this.#name();
    const inner = () => this.#inFunction(number);
    const body = () => this.#inFunction(() => this.#body());
    return [
      () => `(${number()} + ${number()})`,
      () => `((${name()}) => ${inner()})(${number()})`,
      () => this.#inFunction(() => this.#initial((own, value) => `((${own} = ${value}) => ${body()})()`)),
      () => this.#inFunction(() => this.#initial((own, value) => `(({ k: ${own} = ${value} }) => ${body()})({ ${name()}: 6 })`)),
      () => `((x = () => ${inner()}) => { var ${name()} = ${inner()}; return n(x()) + ${inner()} })()`,
      () => `((...${name()}) => ${inner()})(1, 2)`,
      () => `n((function ${name()}(${name()}) ${body()})(${number()}))`,
      () => `n(new (class ${name()} { m = ${inner()}; go() ${body()} })().go())`,
      () => `n((class { static ${name()} = 1; static v = ${inner()}; static { var ${name()} = 2; t(${inner()}) } }).v)`,
      () => `n({ ${name()}: ${number()}, get k() ${body()} }.k)`,
      () => `n([1, 2].map((${name()}, i) => ${inner()})[0])`,
      () => (this.#functions === 0 ? `n(await ${number()})` : number()),
    ];
  }

  /** The body of a function; what it declares is hoisted, or in a block of its own. */
  #body(): string {
    const number = () => this.#number();
    const name = () => this.#name();
    return this.#one([
      () => `{ return ${number()} }`,
      () => `{ var ${name()} = ${number()}; return ${number()} }`,
      () => this.#initial((own, value) => `{ { let ${own} = ${value}; return ${number()} } }`),
      () => `{ function ${name()}() { return ${number()} } return ${number()} }`,
      () => `{ for (const ${name()} of [1]) t(${number()}); return ${number()} }`,
    ]);
  }

  #statement(): string {
    const number = () => this.#number();
    const name = () => this.#name();
    const body = () => this.#inFunction(() => this.#body());
    const inner = () => this.#inFunction(number);
    const assigned = () => this.#pick(this.#isCalm ? ['x', ...names.filter((one) => !this.#constants.has(one))] : names);
    return this.#one([
      () => `t(${number()});`,
      () => `t(${number()});`,
      () => `${assigned()} = ${number()};`,
      () => `[${assigned()}] = [${number()}];`,
      () => `({ k: ${assigned()} = ${number()} } = {});`,
      () => this.#initial((own, value) => `{ let ${own} = ${value}; t(${number()}) }`),
      () => `{ function ${name()}() ${body()} t(${number()}) }`,
      () => `{ class ${name()} { static k = ${inner()} } t(${number()}) }`,
      () => `for (let ${name()} = 0, i = 0; i < 2; i++) t(${number()});`,
      () => this.#initial((own, value) => `for (const ${own} of [${value}, 7]) t(${number()});`),
      () => this.#initial((own, value) => `for (const ${own} in { k: ${value} }) t(${number()});`),
      () => `for await (const ${name()} of [8]) t(${number()});`,
      () => `for (${assigned()} of [9]) t(${number()});`,
      () => `try { throw ${number()} } catch (${name()}) { t(${number()}) }`,
      () =>
        this.#initial(
          (own, value) =>
            `try { throw { k: 3 } } catch ({ k: ${own}, l = ${value.replaceAll('await ', '')} }) { t(l + ${number()}) }`,
        ),
      () => this.#initial((own, value) => `switch (0) { default: let ${own} = ${value}; t(${number()}) }`),
      () => `${name()}: for (;;) { t(${number()}); break }`,
      () => `later.push(() => ${inner()});`,
    ]);
  }

  #declaration(name: string): string {
    const number = () => this.#number();
    const inner = () => this.#inFunction(number);
    const body = () => this.#inFunction(() => this.#body());
    const constant = (text: string) => {
      this.#constants.add(name);
      return text;
    };
    return this.#one([
      () => constant(`const ${name} = ${number()};`),
      () => constant(`const ${name} = (${this.#name()}) => ${inner()};`),
      () => `let ${name} = ${number()};`,
      () => `let ${name};`,
      () => `var ${name} = ${number()};`,
      () => `{ var ${name} = ${number()} }`,
      () => `try { throw 4 } catch (x) { var ${name} = ${number()} }`,
      () => `try { throw 5 } catch (${name}) { var ${name} = ${number()}; t(${number()}) }`,
      () => `for (var ${name} = 0; ${name} < 2; ${name}++) t(${number()});`,
      () => `function ${name}(${this.#name()}) ${body()}`,
      () => `class ${name} { static k = ${inner()} }`,
      () => constant(`const { k: ${name} = ${number()} } = {};`),
      () => `let [, ${name} = ${number()}] = [];`,
      () => constant(`export const ${name} = ${number()};`),
    ]);
  }
}
