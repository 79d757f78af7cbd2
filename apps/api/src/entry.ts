import { admitSources } from '@remuda/runtime';
import type { Admission } from '@remuda/runtime';
import type { ApiSettings } from './settings.js';

/**
 * Who comes in. Every HTTP request and every WebSocket passes here before anything else of the api sees it. So far this
 * knows from where one asks, and not who: a token would be looked at here, after the source.
 */
export function planEntry({ hosts, origins }: Pick<ApiSettings, 'hosts' | 'origins'>): Admission {
  return admitSources({ hosts, origins });
}
