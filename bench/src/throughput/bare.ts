/** The one queue of the bare side. */
export const bareQueue = 'bare';

/** Finished jobs are kept as ours are. */
export const keepFinished = { removeOnComplete: { age: 86_400, count: 5_000 }, removeOnFail: { count: 5_000 } };
