import type { Clock, HostBridgeRecord, HostBridges } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';

/** What reporting takes. */
export interface ReportParts {
  readonly to: HostBridges;
  readonly now: () => HostBridgeRecord;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often a bridge reports, in ms. */
const everyMs = 5_000;
/** How long a report counts, in ms: two may be missed. */
const keepMs = 15_000;

/** Reports a bridge's state until the signal aborts, then has it forgotten. Outages are told once. Never rejects. */
export async function keepReported({ to, now, clock, log }: ReportParts, signal: AbortSignal): Promise<void> {
  let failed = false;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      failed = false;
    } catch (err) {
      if (!failed) log.warn({ err }, 'the status cannot be reported');
      failed = true;
    }
  };
  const nap = (): Promise<boolean> =>
    clock.sleep(everyMs, signal).then(
      () => true,
      () => false,
    );
  do await attempt(() => to.report(now(), keepMs));
  while (await nap());
  await attempt(() => to.forget(now().name));
}
