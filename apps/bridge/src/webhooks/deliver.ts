import {
  usualWebhookSecret,
  webhookTypeOf,
  type AfterWebhookAnswer,
  type Clock,
  type HostRule,
  type SecretVault,
  type WebhookMessage,
} from '@remuda/domain';
import { webhookBody } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Resolve } from '../git/reach.js';
import type { BridgeMetrics } from '../metrics.js';
import { sendWebhook, type SentAnswer } from './send.js';
import type { DueEnd, EndedJob, WebhookConsumerPort, WebhookOutboxPort, WebhookQueuePort } from './webhooks.port.js';

/** Dependencies of delivering. */
export interface DeliveryParts {
  readonly outbox: WebhookOutboxPort;
  readonly queue: WebhookQueuePort;
  /** Begins to take messages from the queue, each of which is sent once by `send`. */
  readonly consume: (parts: {
    readonly send: (message: WebhookMessage) => Promise<SentAnswer>;
    readonly onTried: (message: WebhookMessage, after: AfterWebhookAnswer, failure?: string) => void;
  }) => WebhookConsumerPort;
  readonly vault: SecretVault;
  readonly hosts: readonly HostRule[];
  readonly resolve: Resolve;
  readonly metrics: BridgeMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Ends that are read at once, and how long an empty read waits, in ms. */
const [mostEnds, waitMs] = [50, 5_000];
/** After an error the next attempt waits this long, in ms. */
const againMs = 1_000;

/** Delivering, under way. */
export interface Delivering {
  /** Takes nothing new, ends tries under way after `graceMs`; what was not delivered is taken up by another bridge, or later. */
  close(graceMs: number): Promise<void>;
}

/** Turns ends of jobs into messages, and sends these; several bridges share both. */
export function startDelivering(parts: DeliveryParts): Delivering {
  const { clock, metrics, log } = parts;
  const [stopping, ending] = [new AbortController(), new AbortController()];
  const consumer = parts.consume({
    send: (message) => sendWebhook(message, { ...parts, signal: ending.signal }),
    onTried: (message, after, failure) => {
      metrics.webhookTries.inc({ outcome: after.kind });
      const { id, job, tenant } = message;
      if (after.kind === 'failed') log.warn({ id, job, tenant, failure }, 'a webhook was given up');
    },
  });
  void keepQueuing(parts, stopping.signal);
  return {
    async close(graceMs) {
      stopping.abort();
      const late = new AbortController();
      void clock.sleep(graceMs, late.signal).then(
        () => ending.abort(),
        () => undefined,
      );
      await consumer.close();
      late.abort();
    },
  };
}

async function keepQueuing(parts: DeliveryParts, signal: AbortSignal): Promise<void> {
  const { clock, log } = parts;
  while (!signal.aborted)
    await queueDue(parts).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ err: error }, 'webhooks could not be queued, which will be tried again');
      return clock.sleep(againMs, signal).catch(() => undefined);
    });
}

async function queueDue(parts: DeliveryParts): Promise<void> {
  for (const end of await parts.outbox.due(mostEnds, waitMs)) await queueEnd(end, parts);
}

async function queueEnd(end: DueEnd, { outbox, queue, log }: DeliveryParts): Promise<void> {
  const found = await outbox.read(end.id);
  const message = found && messageOf(end, found);
  if (!found) log.debug({ job: end.id }, 'a job is not over any more, or gone: there is nothing to tell of it');
  if (message) await queue.add(message);
  await outbox.done(end);
}

/** The message about an end; undefined if the job does not ask for it. Its id follows from the announcement. Pure. */
export function messageOf({ id, entry }: DueEnd, { job, result }: EndedJob): WebhookMessage | undefined {
  const { webhook } = job.spec;
  const type = webhook && webhookTypeOf(job.state, webhook);
  if (!webhook || !type) return undefined;
  const { url, secret = usualWebhookSecret } = webhook;
  const body = webhookBody(type, job, result);
  return {
    ...{ id: `msg_${id}_${entry}`, job: id, tenant: job.tenant, type, url, secret },
    ...{ at: job.times.overAt ?? 0, body },
  };
}
