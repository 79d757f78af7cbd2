import type { ChaosCluster } from './cluster.js';
import type { Ledger } from './ledger.js';
import type { Random } from './random.js';

/** What faults need to be made. */
export interface FaultScene {
  readonly cluster: ChaosCluster;
  readonly ledger: Ledger;
  readonly random: Random;
}
