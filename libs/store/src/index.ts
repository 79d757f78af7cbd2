export { isRefusal } from './database-error.js';
export { Store, type StoreParts, type StorePlace } from './store.js';
