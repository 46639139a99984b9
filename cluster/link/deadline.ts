// Deadlines for peers that do not run out while this process itself is held up, for example by a loop of the user's at the prompt.

/** A timer that fires this late has been held up: what the peer did meanwhile is still unread. */
const heldUpMs = 250;

/** Calls `f` once after `ms` in which the event loop has turned; the answer cancels it. */
export function deadline(ms: number, f: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = () => {
    const due = performance.now() + ms;
    timer = setTimeout(() => {
      if (performance.now() - due > heldUpMs) arm();
      else f();
    }, ms);
  };
  arm();
  return () => clearTimeout(timer);
}
