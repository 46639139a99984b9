// Standard input as a script sees it: it flows only while the script waits, so that nothing comes between two statements, unheard.
//
// `const lines = createInterface({ input: process.stdin })` begins to read, and the `for await` over it is a statement of its own, which
// is checked first. What came meanwhile would be lost: an interface gives its lines to those who listen then.

/** The stream, once the script has asked for it: to open it changes how the descriptor is read. */
let input: NodeJS.ReadStream | undefined;
/** How many entries wait: one, and those in the background. */
let waiting = 0;
/** The script reads, and is stopped from it. */
let held = false;

/** From now on `process.stdin` belongs to a script. */
export function holdScriptInput(): void {
  const { get, ...rest } = Object.getOwnPropertyDescriptor(process, 'stdin')!;
  Object.defineProperty(process, 'stdin', {
    ...rest,
    get: () => {
      input ??= get!.call(process) as NodeJS.ReadStream;
      return input;
    },
  });
}

/** A part of an entry has run, and may have begun to read. */
export function holdInput(): void {
  if (waiting > 0 || input?.readableFlowing !== true) return;
  input.pause();
  held = true;
}

/** What an entry waits for. */
export async function whileInputFlows<T>(wait: Promise<T>): Promise<T> {
  waiting++;
  if (held) {
    held = false;
    input?.resume();
  }
  try {
    return await wait;
  } finally {
    waiting--;
    holdInput();
  }
}

/** The script is being suspended. When it goes on readline reads no more until it is told to, and nothing would hear Ctrl-C. */
export function readOnWhenContinued(): void {
  const reading = input;
  if (reading?.readableFlowing === true) process.once('SIGCONT', () => reading.resume());
}
