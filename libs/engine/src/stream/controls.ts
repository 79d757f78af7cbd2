import { randomUUID } from 'node:crypto';
import { RemudaError } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';

interface Asked {
  readonly resolve: (answer: Record<string, unknown>) => void;
  readonly reject: (error: RemudaError) => void;
}

/** A request of the control protocol. */
export interface ControlRequest {
  readonly subtype: string;
  readonly [field: string]: unknown;
}

/** The control requests without an answer yet. */
export class Controls {
  readonly #asked = new Map<string, Asked>();

  /** A line to write, and the future answer: it rejects with `internal` if Claude Code refuses. */
  ask(request: ControlRequest): { readonly line: object; readonly answered: Promise<Record<string, unknown>> } {
    const id = randomUUID();
    const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
    });
    return { line: { type: 'control_request', request_id: id, request }, answered };
  }

  /** Handles a `control_response`; ignores one without a request. */
  answer(response: unknown): void {
    if (!isRecord(response)) return;
    const id = String(response['request_id']);
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    const { error, response: answer } = response;
    if (response['subtype'] === 'success') asked?.resolve(isRecord(answer) ? answer : {});
    else
      asked?.reject(
        new RemudaError('internal', `Claude Code refused: ${typeof error === 'string' ? error : 'no reason given'}`),
      );
  }

  /** Rejects all open requests. */
  fail(error: RemudaError): void {
    for (const asked of this.#asked.values()) asked.reject(error);
    this.#asked.clear();
  }
}
