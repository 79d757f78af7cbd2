import type { ErrorCode, Fault } from '@remuda/domain';

/** The answer to a refused request: RFC 9457, with our stable code and the faults of the input. */
export interface ProblemView {
  /** Where the code is explained. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance?: string;
  readonly faults?: readonly Fault[];
}
