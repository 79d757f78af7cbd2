import type { IsoTime } from './dated.js';

/** Path of the tickets. */
export const ticketsPath = '/api/v1/tickets';

/** A ticket, for the query of one request that opens a stream. */
export interface TicketView {
  readonly ticket: string;
  /** By then it has to be used. */
  readonly expiresAt: IsoTime;
}
