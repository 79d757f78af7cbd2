import { container } from './container/line.js';
import { events } from './events/line.js';
import type { Line } from './figure.js';
import { firstRequest } from './first-request/line.js';
import { submitting } from './submitting/line.js';
import { throughput } from './throughput/line.js';
import { worker } from './worker/line.js';

/** All lines, in the order in which they are run. */
export const lines: readonly Line[] = [firstRequest, throughput, events, worker, container, submitting];
