/** A point in time as clients see it: ISO 8601, UTC. */
export type IsoTime = string;

/** The same as it is shown: the named points in time, epoch ms inside, are ISO 8601 outside. */
export type Dated<T, K extends keyof T> = { readonly [P in keyof T]: P extends K ? IsoTime : T[P] };
