import { ApiError, ConnectionError, type RemudaClient } from '@remuda/client';
import { createContext, useContext } from 'react';

/** The api, and what is known of the way to it. */
export interface Api {
  readonly client: RemudaClient;
  /** Tells how a request ended: without an error, or with one. */
  readonly report: (error?: unknown) => void;
  /** Whether a token is in use, which can be given back. */
  readonly hasToken: boolean;
  readonly forgetToken: () => void;
}

export const ApiContext = createContext<Api | undefined>(undefined);

/** The api of the page. */
export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error('There is no ApiProvider above.');
  return api;
}

/** Whether the api was not reached, or cannot serve just now: the same request may succeed soon. */
export const isAway = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof ApiError && error.transient);

/** Whether a token is missing, or is not taken any more. */
export const wantsToken = (error: unknown): boolean => error instanceof ApiError && error.status === 401;
