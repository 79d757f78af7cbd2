import { RemudaError } from '@remuda/domain';
import { enrolmentAudience } from '@remuda/protocol';
import type { RuntimeLog } from '../../runtime-log.js';
import { callApi } from '../api-call.js';
import type { Kubernetes } from '../connection.js';
import type { TokenReview } from '../manifests.js';
import { readClaims, type PodClaims } from './pod-claims.js';

/** Asks the API server for the owner of a token. */
export class TokenClient {
  constructor(
    private readonly kubernetes: Kubernetes,
    private readonly log: RuntimeLog,
  ) {}

  /** The pod to which a token was issued. Rejects with `enrolment.token_invalid` or `runtime.unavailable`. */
  async review(token: string): Promise<PodClaims> {
    const review: TokenReview = { spec: { token, audiences: [enrolmentAudience] } };
    const asked = { verb: 'create', resource: 'tokenreviews', namespace: undefined } as const;
    const body = review;
    const act = () => this.kubernetes.authentication.createTokenReview({ body });
    const { status } = await callApi({ asked, code: 'runtime.unavailable', act }, this.log);
    const claims = readClaims(status ?? {}, enrolmentAudience);
    if (typeof claims === 'string')
      throw new RemudaError('enrolment.token_invalid', `The token was refused: ${claims}.`);
    return claims;
  }
}
