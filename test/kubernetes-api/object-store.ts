import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

/** Any shape that came over the wire. */
export type Json = ReturnType<JSON['parse']>;

/** The part of every object that the stand-in works with; the rest is as it was sent. */
export interface StoredObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string }[];
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly [field: string]: Json;
}

/** Something that became different, as a watch tells it. */
export interface StoredChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
  readonly revision: number;
}

/** What etcd does for an API server: objects, each with the revision of its last change, and the changes since some revision. */
export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #changes = new EventEmitter<{ change: [StoredChange] }>().setMaxListeners(0);
  #history: StoredChange[] = [];
  #compacted = 0;
  #revision = 100;

  get revision(): number {
    return this.#revision;
  }

  of(kind: string, namespace: string): readonly StoredObject[] {
    return [...this.#objects.values()].filter((one) => one.kind === kind && one.metadata.namespace === namespace);
  }

  get(kind: string, namespace: string, name: string): StoredObject | undefined {
    return this.#objects.get(`${kind}/${namespace}/${name}`);
  }

  add(object: Record<string, Json>): StoredObject {
    const metadata = { ...object['metadata'], uid: randomUUID(), creationTimestamp: new Date().toISOString() };
    return this.#put('ADDED', { ...object, metadata } as unknown as StoredObject);
  }

  /** Changes an object that is there, and tells of it. */
  change(
    object: StoredObject,
    own: { readonly metadata?: object; readonly status?: object },
  ): StoredObject | undefined {
    const { kind, metadata } = object;
    const now = this.get(kind, metadata.namespace, metadata.name);
    if (now?.metadata.uid !== metadata.uid) return undefined;
    const status = { ...now['status'], ...own.status };
    return this.#put('MODIFIED', { ...now, status, metadata: { ...now.metadata, ...own.metadata } });
  }

  /** Removes an object, and all that it owns. */
  remove(object: StoredObject): void {
    const { kind, metadata } = object;
    const now = this.get(kind, metadata.namespace, metadata.name);
    if (now?.metadata.uid !== metadata.uid) return;
    this.#put('DELETED', now);
    for (const one of [...this.#objects.values()])
      if (one.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid)) this.remove(one);
  }

  /** Forgets which changes led here: a watch can't begin before now any more. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history = [];
  }

  /** Calls back for each change after the revision, also for those that were; undefined where those are forgotten. */
  follow(after: number, onChange: (change: StoredChange) => void): (() => void) | undefined {
    if (after < this.#compacted) return undefined;
    for (const change of this.#history) if (change.revision > after) onChange(change);
    this.#changes.on('change', onChange);
    return () => this.#changes.off('change', onChange);
  }

  #put(type: StoredChange['type'], object: StoredObject): StoredObject {
    const revision = ++this.#revision;
    const { kind, metadata } = object;
    const stored = { ...object, metadata: { ...metadata, resourceVersion: String(revision) } };
    const key = `${kind}/${metadata.namespace}/${metadata.name}`;
    if (type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, stored);
    const change = { type, object: stored, revision };
    this.#history.push(change);
    this.#changes.emit('change', change);
    return stored;
  }
}
