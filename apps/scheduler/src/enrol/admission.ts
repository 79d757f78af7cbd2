import { RemudaError, type ErrorCode, type Newcomer, type Profile, type WorkerRecord } from '@remuda/domain';

/** What the decision about a newcomer depends on. */
export interface AdmissionFacts<P> {
  readonly newcomer: Newcomer;
  /** The requested profile; undefined if there is none of that name. */
  readonly profile: P | undefined;
  /** All existing workers. */
  readonly workers: readonly Pick<WorkerRecord, 'id' | 'profile' | 'phase'>[];
  /** Whether the pool is being drained. */
  readonly drained: boolean;
}

/** A full pool may have room again after this time, in ms. */
const fullPauseMs = 5_000;

/** The parts of a profile that are used here. */
type Asked = Pick<Profile, 'name' | 'pool' | 'enrol'>;

/**
 * Returns the profile whose worker a newcomer becomes; throws the reason if it cannot become one. A newcomer may enrol
 * again until its worker is warm, since the answer may have been lost. Later, somebody else presents its token, or its
 * container was restarted, and a pod is one worker and never another. Pure.
 */
export function admitted<P extends Asked>(facts: AdmissionFacts<P>): P {
  if (!facts.profile) throw fault('profile.unknown', 'There is no such profile.');
  const why = faultOfNewcomer(facts, facts.profile) ?? faultOfPool(facts, facts.profile);
  if (why) throw why;
  return facts.profile;
}

function faultOfNewcomer({ newcomer, workers }: AdmissionFacts<Asked>, profile: Asked): RemudaError | undefined {
  const { worker, name, serviceAccount, isKnown } = newcomer;
  if (!profile.enrol)
    return fault('enrolment.refused', `Workers of the profile ${profile.name} are created by the scheduler.`);
  if (!profile.enrol.serviceAccounts.includes(serviceAccount))
    return fault(
      'enrolment.refused',
      `Pods of the service account ${serviceAccount} may not enrol in the profile ${profile.name}: its enrol.serviceAccounts does not name it.`,
    );
  const record = workers.find(({ id }) => id === worker);
  if (record ? record.phase !== 'starting' || record.profile !== profile.name : isKnown)
    return fault('enrolment.spent', `The pod ${name} has already been a worker: a new pod must replace it.`);
  return undefined;
}

/** A worker that already exists takes no further place. */
function faultOfPool(
  { newcomer, workers, drained }: AdmissionFacts<Asked>,
  { name, pool }: Asked,
): RemudaError | undefined {
  const theirs = workers.filter(({ profile, phase }) => profile === name && phase !== 'gone');
  if (theirs.some(({ id }) => id === newcomer.worker)) return undefined;
  if (drained) return fault('enrolment.pool_full', `The pool ${name} is drained.`, fullPauseMs);
  if (theirs.length < pool.max) return undefined;
  return fault(
    'enrolment.pool_full',
    `The pool ${name} has its maximum number of workers (${String(pool.max)}).`,
    fullPauseMs,
  );
}

function fault(code: ErrorCode, message: string, retryAfterMs?: number): RemudaError {
  return new RemudaError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}
