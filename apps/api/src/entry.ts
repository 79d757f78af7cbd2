import { admitSources } from '@remuda/runtime';
import type { Admission } from '@remuda/runtime';
import type { ApiSettings } from './settings.js';

/** Admission control. Every HTTP request and every WebSocket passes here first. Who sends it is found out after it. */
export function planEntry({ hosts, origins }: Pick<ApiSettings, 'hosts' | 'origins'>): Admission {
  return admitSources({ hosts, origins });
}
