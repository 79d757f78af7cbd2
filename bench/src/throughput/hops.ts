/** The first queue of the two hops; jobs wait in it, and stay claimed until their worker has said that they are over. */
export const firstQueue = 'first';

/** The queue of one worker, as BullMQ names it. */
export const workerQueue = (worker: number): string => `worker.${String(worker)}`;

/** Where workers say which job is over. */
export const overChannel = 'over';
