import { ApiError } from '@remuda/client';
import type { ReactNode } from 'react';
import type { Polled } from '../api/use-polled.js';

/** Shows what was asked for, or why there is nothing to show yet. */
export function Loaded<T>({
  of: { data, error, again },
  children,
}: {
  readonly of: Polled<T>;
  readonly children: (data: T) => ReactNode;
}): ReactNode {
  if (error) return <Failed error={error} onAgain={again} />;
  return data === undefined ? <Loading /> : children(data);
}

/** Something is on its way. Shown after a moment only. */
export function Loading(): ReactNode {
  return (
    <p className="loading" role="status">
      Loading…
    </p>
  );
}

/** There is nothing. */
export function Empty({
  title,
  first = false,
  children,
}: {
  readonly title: string;
  /** Whether it is all that is on the page. */
  readonly first?: boolean;
  readonly children?: ReactNode;
}): ReactNode {
  const Title = first ? 'h1' : 'p';
  return (
    <div className="empty">
      <Title className="empty-title">{title}</Title>
      {children}
    </div>
  );
}

/** What the api refused, in its own words. */
export function Failed({ error, onAgain }: { readonly error: Error; readonly onAgain?: () => void }): ReactNode {
  const code = error instanceof ApiError ? error.code : undefined;
  return (
    <div className="failed" role="alert">
      <p className="failed-title">{titleOf(error)}</p>
      <p>{error.message}</p>
      {code !== undefined && <code>{code}</code>}
      {onAgain && (
        <p>
          <button className="button" type="button" onClick={onAgain}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

function titleOf(error: Error): string {
  if (!(error instanceof ApiError)) return 'Something went wrong';
  if (error.status === 403) return 'Your token does not allow this';
  return error.status === 404 ? 'There is no such thing' : 'The api refused this';
}
