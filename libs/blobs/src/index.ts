export { checked } from './checked.js';
export { FileBlobs } from './files/file-blobs.js';
export type { BlobLimits } from './limits.js';
export { openBlobs, type BlobRoom, type RoomPlan } from './open.js';
export { readBlobPlace, type BlobPlace } from './place.js';
export { blobSettings, temporaryPlace } from './settings.js';
export type { OpenEntry } from './pack/packed.js';
export { repack, type PackTally, type SentPack } from './pack/repack.js';
