export * from './builders.js';
export * from './fake-container-runtime.js';
export * from './instant-engine.js';
export * from './manual-clock.js';
