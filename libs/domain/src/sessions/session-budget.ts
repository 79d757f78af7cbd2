/** A session's money, in millionths of a US dollar. */
export interface SessionMoney {
  /** Absent: there is no limit. */
  readonly budgetMicroUsd?: number;
  readonly spentMicroUsd: number;
}

/** US dollars in whole millionths. */
export function microUsd(usd: number): number {
  return Math.round(usd * 1_000_000);
}

/** What a session has left to spend; undefined if it has no limit. */
export function leftOf({ budgetMicroUsd, spentMicroUsd }: SessionMoney): number | undefined {
  return budgetMicroUsd === undefined ? undefined : Math.max(0, budgetMicroUsd - spentMicroUsd);
}

/** The budget of a turn in US dollars: its own, or what its session had left when it began (millionths), whichever is less. */
export function turnBudget(ownUsd: number | undefined, leftMicroUsd: number | undefined): number | undefined {
  return leftMicroUsd === undefined ? ownUsd : Math.min(ownUsd ?? Infinity, leftMicroUsd / 1_000_000);
}
