import { Component, type ReactNode } from 'react';
import { Failed } from './states.js';

/** Shows what broke in place of an empty page. */
export class CrashView extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error ? <Failed error={error} onAgain={() => location.reload()} /> : this.props.children;
  }
}
