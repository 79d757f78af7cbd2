import { useState, type ReactNode } from 'react';

/** Asks for the token that the api wants. */
export function TokenForm({
  refused,
  onToken,
}: {
  readonly refused: boolean;
  readonly onToken: (token: string) => void;
}): ReactNode {
  const [token, setToken] = useState('');
  return (
    <main className="token-page">
      <form
        className="card token-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') onToken(token.trim());
        }}
      >
        <h1>Remuda</h1>
        <p>This api needs a token: an API key, or a JWT of your issuer. It stays in this tab until you close it.</p>
        {refused && (
          <p className="fault" role="alert">
            The token was refused, or has ended.
          </p>
        )}
        <label className="field">
          <span>Token</span>
          <input
            type="password"
            autoComplete="off"
            spellCheck={false}
            autoFocus
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <button className="button primary" type="submit">
          Continue
        </button>
      </form>
    </main>
  );
}
