import {
  egressCredentialForms,
  RemudaError,
  serverTools,
  type EgressCredential,
  type ServerTool,
} from '@remuda/domain';
import {
  parseJson,
  formatsText,
  isRecord,
  isUnderstood,
  messageFormats,
  type BridgeGrant,
  type CredentialGrant,
  type PushGrant,
} from '@remuda/protocol';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import type { Redis } from 'ioredis';
import { translateRedisError } from '../connection/redis-error.js';

/** The grants of bridge tokens, as the scheduler wrote them to Redis. */
export class RedisGrants {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  /**
   * The grant of a token's SHA-256 (hex); undefined if there is none, or no longer. Rejects with `redis.unavailable`
   * while Redis does not answer, and with `format.unsupported` for an unsupported format: that is nobody's fault, and
   * another bridge may understand it.
   */
  async find(tokenHash: string): Promise<BridgeGrant | undefined> {
    try {
      return readGrant(await this.redis.hgetall(this.keys.bridgeToken(tokenHash)));
    } catch (error) {
      throw translateRedisError(error);
    }
  }
}

/**
 * Reads the hash of a grant; undefined if it is absent or incomplete. Refuses an unsupported format with
 * `format.unsupported`.
 */
export function readGrant(hash: Readonly<Record<string, string>>): BridgeGrant | undefined {
  const format = hash['v'] === undefined ? undefined : Number(hash['v']);
  if (!isUnderstood(format))
    throw new RemudaError(
      'format.unsupported',
      `A grant has the format ${String(hash['v'])}, but this bridge knows ${formatsText(messageFormats)}.`,
    );
  const { job, worker } = hash;
  const lease = Number(hash['lease']);
  if (!job || !worker || !Number.isSafeInteger(lease)) return undefined;
  const git = hash['git'] ? readGit(hash['git']) : undefined;
  const credentials = hash['credentials'] ? readCredentials(hash['credentials']) : undefined;
  const push = hash['push'] ? readPush(hash['push']) : undefined;
  return {
    job,
    worker,
    lease,
    ...(hash['maxBudgetUsd'] ? { maxBudgetUsd: readBudget(hash['maxBudgetUsd']) } : {}),
    ...(hash['models'] === undefined ? {} : { models: readTexts(hash['models']) }),
    ...(hash['serverTools'] === undefined ? {} : { serverTools: readServerTools(hash['serverTools']) }),
    ...(hash['egress'] === undefined ? {} : { egress: readTexts(hash['egress']) }),
    ...(git ? { git } : {}),
    ...(push ? { push } : {}),
    ...(credentials ? { credentials } : {}),
  };
}

/** An unreadable list allows nothing. */
function readTexts(text: string): readonly string[] {
  const value = parseJson(text);
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

function readServerTools(text: string): readonly ServerTool[] {
  const value = parseJson(text);
  return Array.isArray(value) ? serverTools.filter((tool) => value.includes(tool)) : [];
}

/** An unreadable budget counts as spent: a refused job is better than one without a limit. */
function readBudget(text: string): number {
  const budget = Number(text);
  return Number.isFinite(budget) ? budget : 0;
}

function readGit(text: string): BridgeGrant['git'] {
  const value = parseJson(text);
  if (!isRecord(value) || typeof value['url'] !== 'string') return undefined;
  const { url, ref, depth } = value;
  return { url, ...(typeof ref === 'string' ? { ref } : {}), ...(typeof depth === 'number' ? { depth } : {}) };
}

function readPush(text: string): PushGrant | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { branch, credential, tenant, owner, pullRequest } = value;
  if (typeof branch !== 'string' || typeof credential !== 'string' || typeof tenant !== 'string') return undefined;
  return { branch, credential, tenant, ...(typeof owner === 'string' ? { owner } : {}), ...wishOf(pullRequest) };
}

function wishOf(value: unknown): Pick<PushGrant, 'pullRequest'> {
  if (!isRecord(value)) return {};
  const { title, body, base, draft } = value;
  const texts = Object.entries({ title, body, base }).filter(([, text]) => typeof text === 'string');
  return { pullRequest: { ...Object.fromEntries(texts), ...(draft === true ? { draft } : {}) } };
}

function readCredentials(text: string): CredentialGrant | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || typeof value['tenant'] !== 'string' || !Array.isArray(value['list'])) return undefined;
  return { tenant: value['tenant'], list: value['list'].flatMap((each) => readCredential(each) ?? []) };
}

function readCredential(value: unknown): EgressCredential | undefined {
  if (!isRecord(value)) return undefined;
  const { url, secret, header, write } = value;
  const as = egressCredentialForms.find((form) => form === value['as']);
  if (typeof url !== 'string' || typeof secret !== 'string' || as === undefined) return undefined;
  return { url, secret, as, ...(typeof header === 'string' ? { header } : {}), ...(write === true ? { write } : {}) };
}
