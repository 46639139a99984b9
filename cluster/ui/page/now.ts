// The session's clock on the page: between two states it goes on by itself, so that what runs is seen to run.
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';

/** Milliseconds that the session's clock is ahead of this browser's. */
export const ClockOffset = createContext(0);

const tickMs = 500;

/** The time now; the part that uses it is drawn again twice a second while `isMoving`. */
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
