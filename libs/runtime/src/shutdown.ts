import type { Logger } from './log.js';

/** How an app shuts down. */
export interface Shutdown {
  readonly logger: Logger;
  /** Finishes running work and releases everything. */
  readonly close: () => Promise<void>;
  /** Timeout of `close` in ms; then the process exits with code 1. Default 10,000. */
  readonly graceMs?: number;
}

const signals = { SIGTERM: 15, SIGINT: 2 } as const;

/**
 * Closes the app on SIGTERM or SIGINT and then exits the process: with code 0 if it closed, 1 if closing failed or
 * timed out. A second signal exits at once.
 */
export function closeOnSignal(shutdown: Shutdown): void {
  let closing = false;
  const end = (signal: keyof typeof signals): void => {
    if (closing) process.exit(128 + signals[signal]);
    closing = true;
    shutdown.logger.info({ signal }, 'shutting down');
    void closeWithin(shutdown).then((code) => process.exit(code));
  };
  for (const signal of Object.keys(signals) as (keyof typeof signals)[]) process.on(signal, end);
}

async function closeWithin({ logger, close, graceMs = 10_000 }: Shutdown): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => {
      resolve('late');
    }, graceMs);
  });
  try {
    if ((await Promise.race([close(), limit])) !== 'late') return 0;
    logger.error({ graceMs }, 'closing timed out');
  } catch (err) {
    logger.error({ err }, 'could not close');
  } finally {
    clearTimeout(timer);
  }
  return 1;
}
