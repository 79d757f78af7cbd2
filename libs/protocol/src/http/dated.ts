/** A point in time in the API: ISO 8601, UTC. */
export type IsoTime = string;

/** The same object for the API: the named times, epoch ms internally, become ISO 8601. */
export type Dated<T, K extends keyof T> = { readonly [P in keyof T]: P extends K ? IsoTime : T[P] };
