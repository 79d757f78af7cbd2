import { RemudaClient } from '@remuda/client';
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { Banner } from '../shell/banner.js';
import { ApiContext, isAway, wantsToken } from './api-context.js';
import { TokenForm } from './token-form.js';

const key = 'remuda.token';
/** The api is where the page came from, also behind a proxy's path. */
const url = new URL('.', document.baseURI).href;

/** Has the client for all pages. Asks for a token where the api wants one, and says when it cannot be reached. */
export function ApiProvider({ children }: { readonly children: ReactNode }): ReactNode {
  // For this tab, until it is closed.
  const [token, setToken] = useState(() => sessionStorage.getItem(key) ?? undefined);
  const [asked, setAsked] = useState(false);
  const [away, setAway] = useState(false);
  const client = useMemo(() => new RemudaClient({ url, ...(token === undefined ? {} : { token }) }), [token]);
  const report = useCallback((error?: unknown) => {
    setAway(isAway(error));
    if (wantsToken(error)) setAsked(true);
  }, []);
  const use = (next: string | undefined): void => {
    if (next === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, next);
    setToken(next);
    setAsked(next === undefined);
  };
  const api = useMemo(
    () => ({ client, report, hasToken: token !== undefined, forgetToken: () => use(undefined) }),
    [client, report, token],
  );
  return (
    <ApiContext value={api}>
      {away && <Banner>No connection to the api. The page tries again by itself.</Banner>}
      {asked ? <TokenForm refused={token !== undefined} onToken={use} /> : children}
    </ApiContext>
  );
}
