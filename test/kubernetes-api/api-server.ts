import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { applyPatch, type PatchStep } from './json-patch.js';
import { ObjectStore, type Json, type StoredObject } from './object-store.js';
import { expired, forbidden, notFound, Refusal } from './refusal.js';
import { Tokens } from './tokens.js';
import { WatchStream } from './watch-stream.js';

/** One request, taken apart. */
export interface Asked {
  readonly verb: string;
  /** As a role names it: `pods`, `pods/log`, `secrets`, … */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, Json>;
}

/** May refuse a request by throwing a `Refusal`, or hold it up. */
type Gate = (asked: Asked) => void | Promise<void>;

const kinds: Readonly<Record<string, string>> = { pods: 'Pod', secrets: 'Secret' };
const nameRule = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * Stands in for a cluster's API server, on loopback: pods and secrets with list, watch, bookmarks, conflicts, deletion with grace and
 * what belongs to an owner; refusals as a test wants them. Nothing in it runs a pod: `NodeStandIn` does.
 */
export class ApiServer {
  readonly store = new ObjectStore();
  /** Every request, in order. */
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #gates = new Set<Gate>();
  readonly #watches = new Set<WatchStream>();
  /** Verbs on resources that nobody may: `delete pods`. */
  readonly denied = new Set<string>();
  readonly tokens = new Tokens();
  logOf: (pod: StoredObject) => string = () => '';
  onDelete: (pod: StoredObject, graceSeconds: number) => void = () => undefined;
  #port = 0;

  private constructor(readonly namespaces: readonly string[]) {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(...namespaces: readonly string[]): Promise<ApiServer> {
    const server = new ApiServer(namespaces);
    await server.back();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** Looks at each request before it is served. The returned function ends it. */
  gate(gate: Gate): () => void {
    this.#gates.add(gate);
    return () => this.#gates.delete(gate);
  }

  /** Ends all watches, as a server does now and then. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Ends all watches because they have come too late: only a list helps. */
  expireWatches(): void {
    for (const watch of this.#watches) watch.expire();
  }

  /** How many watches are open. */
  get watching(): number {
    return this.#watches.size;
  }

  bookmark(): void {
    for (const watch of this.#watches) watch.bookmark(this.store.revision);
  }

  /** Is not there any more. */
  async away(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#watches.clear();
    await once(this.#server, 'close');
  }

  /** Is there again, with all that it had. */
  async back(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const asked = await taken(request);
      this.asked.push(asked);
      for (const gate of this.#gates) await gate(asked);
      const { verb, resource, namespace } = asked;
      if (this.denied.has(`${verb} ${resource}`)) throw forbidden(verb, resource, namespace);
      if (verb === 'watch') this.#watch(asked, response);
      else if (resource === 'pods/log') response.setHeader('content-type', 'text/plain').end(this.#log(asked));
      else answer(response, verb === 'create' ? 201 : 200, this.#act(asked));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'InternalError', String(error));
      answer(response, refusal.status, refusal.body, refusal.headers);
    }
  }

  #act(asked: Asked): object {
    const { verb, resource, namespace, name, body } = asked;
    if (resource === 'selfsubjectaccessreviews') {
      const { verb: does, resource: on, subresource } = body['spec'].resourceAttributes as Record<string, string>;
      const allowed = !this.denied.has(`${does ?? ''} ${[on, subresource].filter(Boolean).join('/')}`);
      return { ...body, status: { allowed } };
    }
    if (resource === 'tokenreviews') return { ...body, status: this.tokens.review(body['spec'], this.store) };
    if (!this.namespaces.includes(namespace)) throw notFound('namespaces', namespace);
    if (resource === 'namespaces') return { kind: 'Namespace', metadata: { name, uid: `uid-of-${name}` } };
    const kind = kinds[resource] ?? '';
    if (verb === 'create') return this.#create(kind, asked);
    if (verb === 'list') {
      const items = this.store.of(kind, namespace).filter(selected(asked));
      return { kind: `${kind}List`, metadata: { resourceVersion: String(this.store.revision) }, items };
    }
    const found = this.store.get(kind, namespace, name);
    if (!found) throw notFound(resource, name);
    if (verb === 'patch') return this.#patch(found, body);
    return verb === 'delete' ? this.#delete(found, body) : found;
  }

  #create(kind: string, { namespace, resource, body }: Asked): StoredObject {
    const { name } = body['metadata'] as { readonly name: string };
    if (!nameRule.test(name)) throw new Refusal(422, 'Invalid', `${kind} "${name}" is invalid: metadata.name`);
    if (this.store.get(kind, namespace, name))
      throw new Refusal(409, 'AlreadyExists', `${resource} "${name}" already exists`);
    const status = kind === 'Pod' ? { status: { phase: 'Pending' } } : {};
    return this.store.add({ ...body, kind, metadata: { ...body['metadata'], namespace }, ...status });
  }

  /** As RFC 6902 has it, all steps or none. */
  #patch(found: StoredObject, body: Json): StoredObject {
    const patched = structuredClone(found);
    applyPatch(patched, body as readonly PatchStep[]);
    const { metadata, ...rest } = patched;
    Object.assign(found, rest);
    return this.store.change(found, { metadata }) ?? found;
  }

  /** A pod on a node leaves when its node says so, all else at once. */
  #delete(found: StoredObject, body: Record<string, Json>): StoredObject {
    const { gracePeriodSeconds = 30, preconditions } = body;
    if (preconditions?.uid !== undefined && preconditions.uid !== found.metadata.uid)
      throw new Refusal(409, 'Conflict', 'the UID in the precondition does not match');
    const onNode = found.kind === 'Pod' && found['spec'].nodeName !== undefined;
    const isOver = ['Failed', 'Succeeded'].includes(found['status']?.phase as string);
    if (!onNode || isOver || gracePeriodSeconds === 0) {
      this.store.remove(found);
      if (onNode) this.onDelete(found, 0);
      return found;
    }
    const deletionTimestamp = new Date(Date.now() + gracePeriodSeconds * 1_000).toISOString();
    const metadata = { deletionTimestamp, deletionGracePeriodSeconds: gracePeriodSeconds as number };
    const leaving = this.store.change(found, { metadata }) ?? found;
    this.onDelete(leaving, gracePeriodSeconds as number);
    return leaving;
  }

  #log({ namespace, name, query }: Asked): string {
    const pod = this.store.get('Pod', namespace, name);
    if (!pod) throw notFound('pods', name);
    const lines = this.logOf(pod).split('\n');
    return lines.slice(-Number(query.get('tailLines') ?? lines.length) - 1).join('\n');
  }

  #watch(asked: Asked, response: ServerResponse): void {
    const kind = kinds[asked.resource];
    const fits = selected(asked);
    const watch = new WatchStream(response, (object) => object.kind === kind && fits(object));
    const after = Number(asked.query.get('resourceVersion') ?? 0);
    const unfollow = this.store.follow(after, (change) => {
      watch.tell(change);
    });
    if (!unfollow) throw expired();
    watch.begin();
    this.#watches.add(watch);
    response.on('close', () => {
      unfollow();
      this.#watches.delete(watch);
    });
  }
}

async function taken(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  const [, namespace = '', resource = 'namespaces', name = '', sub] =
    /^\/api\/v1\/namespaces\/([^/]+)(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?$/.exec(pathname) ?? [];
  const review = /\/(selfsubjectaccessreviews|tokenreviews)$/.exec(pathname)?.[1];
  const body = request.method === 'GET' ? {} : ((await json(request)) as Record<string, Json>);
  return {
    verb: verbOf(request.method ?? '', name === '' && resource !== 'namespaces', query),
    resource: review ?? (sub === undefined ? resource : `${resource}/${sub}`),
    name: resource === 'namespaces' ? namespace : name,
    ...{ namespace, query, body },
  };
}

function verbOf(method: string, isCollection: boolean, query: URLSearchParams): string {
  if (method === 'POST') return 'create';
  if (method === 'DELETE') return 'delete';
  if (method === 'PATCH') return 'patch';
  if (!isCollection) return 'get';
  return query.get('watch') === 'true' ? 'watch' : 'list';
}

/** Whether an object has the labels that were asked for. */
function selected({ query }: Asked): (object: StoredObject) => boolean {
  const wanted = (query.get('labelSelector') ?? '').split(',').filter(Boolean);
  const pairs = wanted.map((one) => one.split('=') as [string, string]);
  return ({ metadata }) => pairs.every(([key, value]) => metadata.labels?.[key] === value);
}

function answer(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
