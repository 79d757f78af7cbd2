import type { Database } from '../../redis/database.js';
import { namespace } from '../cluster.js';

export const jobPrefix = `{${namespace}}:job:`;
export const workerPrefix = `{${namespace}}:worker:`;
export const grantPrefix = `{${namespace}}:bridge:`;
export const linePrefix = `{${namespace}}:wk:`;
export const haltsKey = `{${namespace}}:halts`;
export const workersKey = `{${namespace}}:workers`;

/** What is looked at, and the first promise that was found broken. */
export class Sight {
  db!: Database;
  broken: string | undefined;

  constructor(readonly tell: () => ((line: string) => void) | undefined) {}

  break(what: string): void {
    this.broken ??= what;
  }
}
