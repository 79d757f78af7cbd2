/**
 * Fair turns of tenants at the workers of one profile. Each tenant has a line of jobs, and takes turns by what its jobs
 * have cost, divided by its weight: the line whose account is lowest is next. This is deficit round robin with its rounds
 * computed instead of walked, so that a job may cost a thousand times another one (start-time fair queuing: Goyal, Vin
 * and Cheng, 1996). A job's cost is known afterwards, so a line is charged an expected price when a job is taken, and
 * what it was wrong by when the job is over.
 */
export interface FairTurns {
  /** Where the line stood that took the latest turn: whoever comes now begins here. Never falls. */
  readonly round: number;
  /** The account of each line whose jobs wait: seconds of a worker at weight 1. None is below `round`. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Accounts above `round` of lines of which no job waits: they are not forgiven what they owe. */
  readonly left: ReadonlyMap<string, number>;
  /** What a line is charged for its next job: what its jobs cost of late, divided by its weight. */
  readonly prices: ReadonlyMap<string, number>;
}

/** Nobody has taken a turn yet. */
export const noTurns: FairTurns = { round: 0, waiting: new Map(), left: new Map(), prices: new Map() };

/** The expected cost of a line's first job, in seconds of a worker. */
export const firstPrice = 60;

/**
 * How many seconds of a worker count as much as a dollar of the model. An estimate: a job of the demonstration costs
 * some cents and takes half a minute.
 */
export const secondsPerUsd = 300;

/** So much of the difference between a line's price and what a job has really cost goes into its next price. */
export const priceGain = 1 / 8;

/** What a job has cost its tenant's account, before it is divided by the tenant's weight: seconds of a worker. */
export function turnCost(seconds: number, usd: number): number {
  return Math.max(0, seconds) + Math.max(0, usd) * secondsPerUsd;
}

/** A job of this line begins to wait. Whoever was away begins at the round: waiting for nothing earns no turns. */
export function enterLine(turns: FairTurns, line: string, weight: number): FairTurns {
  if (turns.waiting.has(line)) return turns;
  const waiting = new Map(turns.waiting).set(line, Math.max(turns.round, turns.left.get(line) ?? 0));
  const left = without(turns.left, line);
  const prices = turns.prices.has(line) ? turns.prices : new Map(turns.prices).set(line, firstPrice / weight);
  return { ...turns, waiting, left, prices };
}

/** The line whose turn it is: that with the lowest account, of equal ones the first by name. */
export function nextLine({ waiting }: Pick<FairTurns, 'waiting'>): string | undefined {
  let first: readonly [string, number] | undefined;
  for (const [line, at] of waiting)
    if (!first || at < first[1] || (at === first[1] && line < first[0])) first = [line, at];
  return first?.[0];
}

/** The line takes its turn, and is charged its price for it. */
export function takeTurn(turns: FairTurns, line: string): FairTurns {
  const at = turns.waiting.get(line) ?? turns.round;
  const waiting = new Map(turns.waiting).set(line, at + priceOf(turns, line));
  return { ...turns, round: at, waiting };
}

/** No job of the line waits, or none may start: it takes no turns until it enters again. */
export function leaveLine(turns: FairTurns, line: string): FairTurns {
  const at = turns.waiting.get(line);
  if (at === undefined) return turns;
  const owed = new Map([...turns.left].filter(([, account]) => account > turns.round));
  if (at > turns.round) owed.set(line, at);
  return { ...turns, waiting: without(turns.waiting, line), left: owed };
}

/** Corrects a line's account, by more or less; it does not fall below the round. */
export function correctLine(turns: FairTurns, line: string, by: number): FairTurns {
  const waits = turns.waiting.get(line);
  const account = Math.max(turns.round, (waits ?? turns.left.get(line) ?? turns.round) + by);
  if (waits !== undefined) return { ...turns, waiting: new Map(turns.waiting).set(line, account) };
  if (account <= turns.round) return { ...turns, left: without(turns.left, line) };
  return { ...turns, left: new Map(turns.left).set(line, account) };
}

/** A job of the line, for which it was charged `charged`, has cost `cost` (of `turnCost`). */
export function settleTurn(
  turns: FairTurns,
  line: string,
  job: { readonly cost: number; readonly charged: number; readonly weight: number },
): FairTurns {
  const really = job.cost / job.weight;
  const price = priceOf(turns, line);
  const prices = new Map(turns.prices).set(line, price + (really - price) * priceGain);
  return { ...correctLine(turns, line, really - job.charged), prices };
}

/**
 * How many jobs of other lines are taken before the job of this place (from 1) in a line, if nothing changes and all of
 * them have enough jobs: an upper bound.
 */
export function turnsBefore(turns: FairTurns, line: string, place: number): number {
  const from = turns.waiting.get(line) ?? Math.max(turns.round, turns.left.get(line) ?? 0);
  const own = from + (place - 1) * priceOf(turns, line);
  let before = 0;
  for (const [other, at] of turns.waiting)
    if (other !== line && at <= own) before += Math.floor((own - at) / priceOf(turns, other)) + 1;
  return before;
}

const priceOf = ({ prices }: FairTurns, line: string): number => prices.get(line) ?? firstPrice;

function without(accounts: ReadonlyMap<string, number>, line: string): ReadonlyMap<string, number> {
  if (!accounts.has(line)) return accounts;
  const rest = new Map(accounts);
  rest.delete(line);
  return rest;
}
