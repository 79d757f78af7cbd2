import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { Clock } from '@remuda/domain';
import type { BridgeAddress } from '@remuda/engine';
import { bridgeTokenHeader, callbackPath, isRecord, parseJson, type Callback } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';

/** Pauses between the tries of a callback, in ms: three tries. */
const pausesMs = [200, 1_000] as const;
/** How often the kept ones are tried again, in ms. */
const againMs = 5_000;
/** Timeout of one try, in ms. */
const tryMs = 5_000;
/** Maximum length of the text in a callback. */
const maxText = 64 * 1024;
/** Callbacks that are kept; a full folder keeps no more. */
const maxKept = 1_000;

/** Where callbacks go, and where they wait while that is away. */
export interface CallbackPlan {
  readonly to: CallbackAddress;
  /** Created if missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A URL, or a path at a unix socket. */
export type CallbackAddress = { readonly url: URL } | { readonly socket: string };

interface Kept {
  readonly token: string;
  readonly callback: Callback;
}

/** Where a worker calls back to: a URL of its own, or its bridge; undefined if it has neither. */
export function callbackAddress(own: URL | undefined, bridge: BridgeAddress | undefined): CallbackAddress | undefined {
  if (own) return { url: own };
  if (bridge === undefined) return undefined;
  return 'socket' in bridge ? bridge : { url: new URL(callbackPath, bridge.url) };
}

/**
 * Calls back when a turn has ended: three tries, then it is kept on disk and tried again until the gateway has taken or
 * refused it. None is lost by an outage, and each may arrive twice: the gateway tells them by the request's id.
 */
export class Callbacks {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly plan: CallbackPlan) {}

  /** Sends one. Never rejects. */
  async send(token: string, { text, ...rest }: Callback): Promise<void> {
    const kept: Kept = { token, callback: { ...rest, text: text.slice(0, maxText) } };
    if (await this.#tried(kept)) return;
    await this.#keep(kept).catch((error: unknown) => {
      this.plan.log.warn({ err: error }, 'a callback could not be kept');
    });
    this.#timer ??= setInterval(() => void this.again(), againMs).unref();
  }

  /** Tries the kept ones again. Never rejects. */
  async again(): Promise<void> {
    const names = await readdir(this.plan.folder).catch(() => []);
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const path = join(this.plan.folder, name);
      const kept = readKept(await readFile(path, 'utf8').catch(() => ''));
      if (kept && !(await this.#once(kept))) return;
      await rm(path, { force: true });
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tries no more; what is kept stays for the next worker here. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #tried(kept: Kept): Promise<boolean> {
    if (await this.#once(kept)) return true;
    for (const pauseMs of pausesMs) {
      await this.plan.clock.sleep(pauseMs);
      if (await this.#once(kept)) return true;
    }
    return false;
  }

  /** Whether it need not be tried again: it was taken, or refused for good. */
  async #once({ token, callback }: Kept): Promise<boolean> {
    const status = await post(this.plan.to, token, JSON.stringify(callback)).catch(() => 0);
    if (status >= 400 && status < 500) this.plan.log.warn({ status }, 'a callback was refused');
    return status >= 200 && status < 500 && status !== 408 && status !== 429;
  }

  async #keep(kept: Kept): Promise<void> {
    const { folder } = this.plan;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length >= maxKept) throw new Error('too many are kept');
    const path = join(folder, `${kept.callback.requestId}.json`);
    await writeFile(`${path}.part`, JSON.stringify(kept), { mode: 0o600 });
    await rename(`${path}.part`, path);
  }
}

function readKept(text: string): Kept | undefined {
  const value = parseJson(text);
  return isRecord(value) && typeof value['token'] === 'string' && isRecord(value['callback'])
    ? (value as unknown as Kept)
    : undefined;
}

/** Sends a body, and resolves with the status. */
function post(to: CallbackAddress, token: string, body: string): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    [bridgeTokenHeader]: token,
  };
  const options = { method: 'POST', headers, timeout: tryMs };
  const outgoing =
    'socket' in to
      ? httpRequest({ ...options, socketPath: to.socket, path: callbackPath })
      : (to.url.protocol === 'https:' ? httpsRequest : httpRequest)(to.url, options);
  return new Promise((resolve, reject) => {
    outgoing.once('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
