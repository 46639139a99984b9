// A module of the user's that the cases import.
export const PREFIX = 'p:';

let moduleState = 10;

function scaled(x: number) {
  return x * moduleState;
}

export function helper(x: number) {
  return PREFIX + scaled(x);
}

/** Its closures are made here and use what the module exports. */
export const longer = (k: number) => (w: string) => w.length > k && helper(k).length > 0;

export class Box {
  static made = 0;

  constructor(public v: number) {
    Box.made++;
  }

  get dbl() {
    return this.v * 2;
  }
}

/** Its instances can only be rebuilt by the class itself. */
export class Safe extends Box {
  #secret: number;

  constructor({ secret }: { secret: number }) {
    super(secret);
    this.#secret = secret;
  }

  get secret() {
    return this.#secret;
  }
}

export function setState(n: number) {
  moduleState = n;
}

export default function dflt(x: number) {
  return -x;
}
