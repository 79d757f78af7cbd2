/**
 * What keeps a container's program from starting, in one word. The first five are what more or larger nodes help
 * against.
 */
export const waitReasons = [
  'cpu',
  'memory',
  'storage',
  'pods',
  'resource',
  'taint',
  'placement',
  'volume',
  'unschedulable',
  'image',
  'not_created',
] as const;

/** One of them. */
export type WaitReason = (typeof waitReasons)[number];

/** What a container's program waits for before it can run, where that may take long. */
export interface ContainerWait {
  readonly reason: WaitReason;
  /** A sentence for a person, without its full stop. */
  readonly message: string;
}

/** How many of a pool's containers wait for the same thing. */
export interface PoolWait extends ContainerWait {
  readonly workers: number;
}

/** The waits of a pool's containers, by reason, each with the message of one of them. Pure. */
export function waitsOf(containers: readonly { readonly waitsFor?: ContainerWait }[]): readonly PoolWait[] {
  return waitReasons.flatMap((reason) => {
    const [first, ...others] = containers.flatMap(({ waitsFor }) => (waitsFor?.reason === reason ? [waitsFor] : []));
    return first ? [{ ...first, workers: 1 + others.length }] : [];
  });
}
