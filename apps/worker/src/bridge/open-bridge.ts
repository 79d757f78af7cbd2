import { join } from 'node:path';
import { RemudaError, type SettingsOf } from '@remuda/domain';
import type { BridgeAddress } from '@remuda/engine';
import { bridgeSockets } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { workerSettings } from '../settings.js';
import { BridgeForwarder } from './forwarder.js';

type Settings = Pick<SettingsOf<typeof workerSettings>, 'id' | 'bridgeCredential' | 'bridgeCa' | 'socketDir'>;

/**
 * The address of the model for Claude Code. For a bridge on the network that knows this worker, all listeners become
 * local sockets. Rejects with `config.invalid`.
 */
export async function openBridge(bridge: string, settings: Settings, log: Logger): Promise<BridgeAddress> {
  if (bridge.startsWith('unix:')) return { socket: bridge.slice('unix:'.length) };
  if (!URL.canParse(bridge)) throw new RemudaError('config.invalid', 'REMUDA_BRIDGE is neither `unix:` nor a URL.');
  const { id: worker = '', bridgeCredential: credential, bridgeCa: ca, socketDir: folder } = settings;
  if (credential === undefined) return { url: bridge };
  const place = { url: new URL(bridge), proof: { worker, credential }, ...(ca === undefined ? {} : { ca }) };
  await new BridgeForwarder({ place, folder, log }).open();
  return { socket: join(folder, bridgeSockets.model) };
}
