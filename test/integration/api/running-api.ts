import { randomUUID } from 'node:crypto';
import { publishProfiles, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { createApp } from '@remuda/runtime';
import { readSettings } from '@remuda/domain';
import type { Failure, Fault, JobEvent } from '@remuda/domain';
import { planApi } from '../../../apps/api/src/plan.js';
import { apiSettings } from '../../../apps/api/src/settings.js';

/** An api that listens in this process, with all its parts. */
export interface RunningApi {
  readonly url: string;
  readonly namespace: string;
  /** Sends a request; a body that is no text goes as JSON. */
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<void>;
}

/** Whatever the api may say, as far as the tests look at it: each looks at what it knows to be there. */
export interface Told {
  readonly id: string;
  readonly state: string;
  readonly url: string;
  readonly worker: string;
  readonly runAt: string;
  readonly wakeAt: string;
  readonly queuePosition: number;
  readonly estimatedStartAt?: string;
  readonly limited?: true;
  readonly maxBudgetUsd?: number;
  readonly metadata: object;
  readonly times: Readonly<Record<'queuedAt' | 'claimedAt' | 'startedAt', string>>;
  readonly jobs: readonly Told[];
  readonly nextCursor?: string;
  readonly deadLetters: readonly Told[];
  readonly attempts: readonly ToldAttempt[];
  readonly history: readonly ToldAttempt[];
  readonly outcomes: readonly object[];
  readonly events: readonly JobEvent[];
  readonly next: number;
  /** Absent while Redis is. */
  readonly pools?: readonly object[];
  readonly workers: readonly { readonly id: string }[];
  readonly queues: readonly { readonly name: string }[];
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly faults: readonly Fault[];
  readonly openapi: string;
  readonly paths: Readonly<Record<string, object>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { required: string[]; properties: Record<string, object> }>>;
  };
}

/** An attempt that ended without success, as far as the tests look at it. */
export interface ToldAttempt {
  readonly attempt: number;
  readonly worker: string;
  readonly claimedAt: string;
  readonly startedAt?: string;
  readonly endedAt: string;
  readonly failure: Failure;
}

/** What came back. `json` is undefined where the body is no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Told;
}

/** Starts the api on a free port, with a namespace and a published profile `default` of its own. */
export async function startApi(
  redisUrl: string,
  options: {
    readonly namespace?: string;
    readonly profiles?: readonly string[];
    readonly env?: Record<string, string>;
    /** Address on which it listens. Default 127.0.0.1. */
    readonly listen?: string;
    /** Headers of every request that `send` sends. */
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<RunningApi> {
  const { namespace = `t-${randomUUID().slice(0, 8)}`, profiles = ['default'] } = options;
  if (profiles.length > 0) await publish(redisUrl, namespace, profiles);
  const settings = readSettings(apiSettings, {
    REMUDA_REDIS_URL: redisUrl,
    REMUDA_NAMESPACE: namespace,
    REMUDA_LOG_LEVEL: 'silent',
    REMUDA_SECRETS_KEY: 'f'.repeat(64),
    ...options.env,
  });
  const app = await createApp(planApi(settings));
  await app.listen(0, options.listen ?? '127.0.0.1');
  const url = (await app.getUrl()).replace('[::]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1');
  const send: RunningApi['send'] = async (method, path, body, headers = {}) => {
    const json = body !== undefined && typeof body !== 'string';
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
        ...headers,
      },
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) as Told };
  };
  return { url, namespace, send, close: () => app.close() };
}

/** Publishes profiles as a scheduler does. */
export async function publish(redisUrl: string, namespace: string, profiles: readonly string[]): Promise<void> {
  const redis = connectRaw(redisUrl, { name: 'test-publish' });
  const published = Object.fromEntries(profiles.map((name) => [name, { warm: 0, max: 1 }]));
  await publishProfiles(redis, redisKeys(namespace), published);
  redis.disconnect();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
