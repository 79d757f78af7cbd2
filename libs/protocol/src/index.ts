export * from './bridge.js';
export * from './control.js';
export * from './json.js';
export * from './keys.js';
export * from './redactor.js';
export * from './snapshot.js';
export * from './worker-env.js';
export * from './worker-stream.js';
