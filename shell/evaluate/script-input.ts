// Standard input of a script: it flows only while the script awaits, so that no line arrives between two statements and is lost.
//
// `const lines = createInterface({ input: process.stdin })` starts to read. The `for await` over it is the next statement, and is
// type-checked first. Lines that arrive meanwhile would be lost: an interface emits them only to current listeners.

/** The stream, once the script has asked for it: opening it changes how the descriptor is read. */
let input: NodeJS.ReadStream | undefined;
/** How many entries are awaiting, background entries included. */
let waiting = 0;
/** The script reads, but we paused the stream. */
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

/** Pauses the input after a part of an entry that may have started to read. */
export function holdInput(): void {
  if (waiting > 0 || input?.readableFlowing !== true) return;
  input.pause();
  held = true;
}

/** Awaits for an entry, and lets the input flow meanwhile. */
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

/** Called before a suspend (Ctrl-Z). Afterwards readline stays paused until resumed, and Ctrl-C would not be heard. */
export function readOnWhenContinued(): void {
  const reading = input;
  if (reading?.readableFlowing === true) process.once('SIGCONT', () => reading.resume());
}
