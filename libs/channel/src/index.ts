export { NamedPipeChannel, type NamedPipeOptions } from './pipe/named-pipe-channel.js';
