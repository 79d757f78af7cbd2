import type { HostBridgeRecord } from '@remuda/domain';
import type { Dated } from './dated.js';

/** A bridge to the Claude Code of a host. */
export type HostBridgeView = Dated<HostBridgeRecord, 'since'>;

/** All that have reported lately. */
export interface HostBridgeListView {
  readonly bridges: readonly HostBridgeView[];
}
