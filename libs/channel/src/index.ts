export { FrameReader } from './frames.js';
export { ChannelLine } from './line/channel-line.js';
export type { PromptDefaults } from './line/request.js';
export { NamedPipeChannel, type NamedPipeOptions } from './pipe/named-pipe-channel.js';
export { FileChannel, type FileOptions } from './files/file-channel.js';
