import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SettingsOf } from '@remuda/domain';
import type { BridgeAddress } from '@remuda/engine';
import { chooseCredential, createDirectServer, openUpstream, type credentialSettings } from '@remuda/model';
import { bridgeSockets } from '@remuda/protocol';
import { Listeners, type Logger } from '@remuda/runtime';

const connectTimeoutMs = 10_000;

/** The way to the model without a bridge: a socket of this process, which adds the credential. */
export interface DirectModel extends AsyncDisposable {
  readonly address: BridgeAddress;
}

/** Opens it. `admits`: whether a running turn has this token. Rejects with `credential.missing`. */
export async function openDirectModel(
  settings: SettingsOf<typeof credentialSettings>,
  admits: (token: string | undefined) => boolean,
  log: Logger,
): Promise<DirectModel> {
  const upstream = openUpstream(settings.modelUrl, chooseCredential(settings), connectTimeoutMs);
  const onFault = (outcome: 'cut' | 'unreachable'): void => {
    log.warn({ outcome }, 'the model did not answer to the end');
  };
  const listeners = new Listeners();
  const folder = await mkdtemp(join(tmpdir(), 'remuda-model-'));
  // Claude Code may be another user; who can connect gets nothing without a running turn's token.
  await chmod(folder, 0o711);
  const socket = join(folder, bridgeSockets.model);
  await listeners.onSocket('lines', createDirectServer({ upstream, admits, onFault }), { path: socket, mode: 0o666 });
  return {
    address: { socket },
    [Symbol.asyncDispose]: async () => {
      await listeners.close(0);
      upstream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
