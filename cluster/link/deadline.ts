// Deadlines for peers. They keep no process alive, and do not expire while this process itself is blocked, for example by the user's loop at the prompt.

/** If a timer fires this late, this process was blocked, and what the peer sent meanwhile is still unread. */
const blockedMs = 250;

/** Calls `f` once, after `ms` in which the event loop was not blocked; the returned function cancels it. */
export function deadline(ms: number, f: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = () => {
    const due = performance.now() + ms;
    timer = setTimeout(() => {
      if (performance.now() - due > blockedMs) arm();
      else f();
    }, ms).unref();
  };
  arm();
  return () => clearTimeout(timer);
}
