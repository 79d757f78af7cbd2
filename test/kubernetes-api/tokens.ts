import { randomUUID } from 'node:crypto';
import type { Json, ObjectStore, StoredObject } from './object-store.js';

/** A token of a pod's service account. */
interface Token {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string;
  /** Absent: bound to none. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

/** Tokens of service accounts, as a kubelet gets them for its pods, and what the API server says of them. */
export class Tokens {
  readonly #good = new Map<string, Token>();

  /** A token of a pod, for an audience. */
  of(pod: StoredObject, audience = 'remuda'): string {
    const { name, uid, namespace } = pod.metadata;
    const serviceAccount = (pod['spec'].serviceAccountName as string | undefined) ?? 'default';
    return this.make({ namespace, serviceAccount, audience, pod: { name, uid } });
  }

  make(token: Token): string {
    const text = `token-${randomUUID()}`;
    this.#good.set(text, token);
    return text;
  }

  /** Its time is over. */
  expire(token: string): void {
    this.#good.delete(token);
  }

  /** A token is as good as its pod is there. */
  review({ token, audiences }: Json, store: ObjectStore): Json {
    const found = this.#good.get(token as string);
    const now = found?.pod && store.get('Pod', found.namespace, found.pod.name);
    if (!found || (found.pod && now?.metadata.uid !== found.pod.uid))
      return { authenticated: false, error: '[invalid bearer token, service account token has expired]' };
    const { audience, namespace, serviceAccount, pod } = found;
    if (!(audiences as string[]).includes(audience))
      return { authenticated: false, error: `token audiences ["${audience}"] is invalid for the target audiences` };
    const claim = (name: string): string => `authentication.kubernetes.io/${name}`;
    const extra = pod ? { [claim('pod-name')]: [pod.name], [claim('pod-uid')]: [pod.uid] } : {};
    const username = `system:serviceaccount:${namespace}:${serviceAccount}`;
    return { authenticated: true, audiences: [audience], user: { username, extra } };
  }
}
