import type {
  V1DeleteOptions,
  V1Pod,
  V1SelfSubjectAccessReview,
  V1Secret,
  V1TokenReview,
} from '@kubernetes/client-node';

/** What the client wants as an instance of a class, as the plain value that the API server is sent. */
type Plain<T> = T extends Date ? T : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

type Filled<T, K extends keyof T> = T & { [P in K]-?: NonNullable<T[P]> };

/** A pod, as the API takes it. */
export type PodManifest = Filled<Plain<V1Pod>, 'metadata' | 'spec'> & { readonly metadata: { readonly name: string } };
export type PodSpec = PodManifest['spec'];
export type ContainerManifest = PodSpec['containers'][number];

/** A Secret, as the API takes it. */
export type SecretManifest = Plain<V1Secret>;

export type DeleteOptions = Plain<V1DeleteOptions>;
export type AccessReview = Plain<V1SelfSubjectAccessReview>;
export type TokenReview = Plain<V1TokenReview>;
