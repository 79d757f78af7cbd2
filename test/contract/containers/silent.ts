import type { RuntimeLog } from '@remuda/containers';

/** A log that nobody reads. */
export const silent: RuntimeLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };
