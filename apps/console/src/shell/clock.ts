import { useEffect, useState } from 'react';

/** The time of this browser, in epoch ms. */
const now = (): number => Date.now();

/** The time, renewed every so many ms. */
export function useNow(everyMs = 1_000): number {
  const [time, setTime] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return time;
}
