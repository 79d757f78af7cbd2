import { useSyncExternalStore } from 'react';
import { readRoute, type Route } from './route.js';

const onHash = (changed: () => void): (() => void) => {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
};
const onVisibility = (changed: () => void): (() => void) => {
  document.addEventListener('visibilitychange', changed);
  return () => document.removeEventListener('visibilitychange', changed);
};

/** The hash of the address. */
export const useHash = (): string => useSyncExternalStore(onHash, () => location.hash);

/** The page that the address names. */
export const useRoute = (): Route => readRoute(useHash());

/** Goes to an address of the console. */
export const goTo = (href: string): void => void (location.hash = href.slice(1));

/** Whether somebody can see this page: others ask for nothing, and hold no connection. */
export const useVisible = (): boolean => useSyncExternalStore(onVisibility, () => !document.hidden);
