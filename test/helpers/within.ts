// Waits with a limit: for a promise, or for a condition that is looked at again and again.

/** What the promise gives, or an error that says what took longer than `ms` milliseconds. */
export async function within<T>(ms: number, promise: PromiseLike<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

const pollMs = 5;

/** Resolves with the first truthy answer of `condition`; fails after `ms` milliseconds without one. */
export async function until<T>(ms: number, condition: () => T | PromiseLike<T>, what: string): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
