export { decodeAssignment, type IncompatibleAssignment } from './worker/assignment.js';
export * from './bridge/bridge.js';
export * from './format.js';
export * from './worker/control.js';
export * from './reader/json.js';
export * from './worker/snapshot.js';
export * from './worker/worker-env.js';
export { readWorkerEvent } from './worker/worker-event.js';
export * from './worker/worker-stream.js';
