// The session's clock on the page. It runs on between two states, so that running times are seen to grow.
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';

/** By how many milliseconds the session's clock is ahead of this browser's clock. */
export const ClockOffset = createContext(0);

const tickMs = 500;

/** The session's time now; the component that uses it is drawn twice a second while `isMoving`. */
export function useNow(isMoving: boolean): number {
  const offset = useContext(ClockOffset);
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), tickMs);
    return () => clearInterval(timer);
  }, [isMoving]);
  return Date.now() + offset;
}
