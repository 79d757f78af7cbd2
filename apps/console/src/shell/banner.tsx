import type { ReactNode } from 'react';

/** Says over the whole page what is wrong with all of it. */
export function Banner({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div className="banner" role="alert">
      {children}
    </div>
  );
}
