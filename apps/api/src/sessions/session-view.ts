import type { SessionRecord } from '@remuda/domain';
import type { SessionView } from '@remuda/protocol';
import { iso } from '../jobs/job-view.js';

/** A session in the API: its times as ISO 8601, its settings beside the rest. */
export function viewSession({ tenant: _tenant, settings, ...session }: SessionRecord): SessionView {
  const { createdAt, changedAt, snapshotAt, ...rest } = session;
  return {
    ...rest,
    ...{ createdAt: iso(createdAt), changedAt: iso(changedAt) },
    ...(snapshotAt === undefined ? {} : { snapshotAt: iso(snapshotAt) }),
    ...settings,
  };
}
