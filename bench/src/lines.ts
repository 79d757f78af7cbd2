import { agent } from './agent/line.js';
import { archive, projector } from './archive/line.js';
import { bookkeeping } from './bookkeeping/line.js';
import { channel } from './channel/line.js';
import { command } from './command/line.js';
import { consolePage } from './console/line.js';
import { container } from './container/line.js';
import { egress } from './egress/line.js';
import { deltas } from './deltas/line.js';
import { idleWorker } from './idle-worker/line.js';
import { kubernetes } from './kubernetes/line.js';
import type { Line } from './figure.js';
import { hostBridge } from './host-bridge/line.js';
import { footprint } from './footprint/line.js';
import { firstRequest } from './first-request/line.js';
import { cancel } from './recovery/cancel.js';
import { jobCost } from './job-cost/line.js';
import { failover } from './recovery/failover.js';
import { memory } from './memory/line.js';
import { loss } from './recovery/loss.js';
import { servicesMemory } from './services-memory/line.js';
import { sessions } from './sessions/line.js';
import { simulation } from './simulation/line.js';
import { submitting } from './submitting/line.js';
import { takeOver } from './take-over/line.js';
import { tokens } from './tokens/line.js';
import { fairTurns } from './tenants/line.js';
import { terminal } from './terminal/line.js';
import { throughput } from './throughput/line.js';
import { worker } from './worker/line.js';

/** All lines, in the order in which they are run. */
export const lines: readonly Line[] = [
  ...[
    firstRequest,
    throughput,
    jobCost,
    deltas,
    sessions,
    worker,
    agent,
    terminal,
    channel,
    hostBridge,
    container,
    idleWorker,
    egress,
    kubernetes,
  ],
  ...[
    submitting,
    tokens,
    fairTurns,
    memory,
    servicesMemory,
    projector,
    archive,
    consolePage,
    command,
    bookkeeping,
    footprint,
    failover,
    takeOver,
    loss,
    cancel,
    simulation,
  ],
];
