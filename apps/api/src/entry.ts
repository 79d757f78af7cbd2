import { admitSources } from '@remuda/runtime';
import type { Admission } from '@remuda/runtime';
import type { ApiSettings } from './settings.js';

/**
 * Admission control. Every HTTP request and every WebSocket passes here first. It only checks the source so far, not
 * the user: a token would be checked here, after the source.
 */
export function planEntry({ hosts, origins }: Pick<ApiSettings, 'hosts' | 'origins'>): Admission {
  return admitSources({ hosts, origins });
}
