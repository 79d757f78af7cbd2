import type { Engine } from '@remuda/domain';
import {
  StreamEngine,
  TmuxEngine,
  type BridgeAddress,
  type StreamEngineOptions,
  type TmuxEngineOptions,
} from '@remuda/engine';
import type { WorkerProfile } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { callbackAddress, Callbacks } from './callbacks.js';

/** What the engines are set with, besides their profile. */
export interface EngineSettings {
  /** Name in the names of tmux sessions. */
  readonly workspaceName: string;
  /** Folder of the Stop hook's responses. */
  readonly responses: string | undefined;
  /** Where callbacks go, and where they wait. */
  readonly callbackUrl: URL | undefined;
  readonly callbackFolder: string;
  /** The bridge that takes callbacks where there is no URL for them. Default: none does. */
  readonly gateway?: BridgeAddress;
}

/** The engine that a profile asks for. */
export function engineOf(
  { workspaceName, responses, callbackUrl, callbackFolder: folder, gateway }: EngineSettings,
  { engine: profile, engineKind = 'stream', spare }: WorkerProfile,
  shared: Omit<StreamEngineOptions, 'profile'> & { readonly log: Logger },
): Engine {
  switch (engineKind) {
    case 'stream':
      return new StreamEngine({ ...shared, profile, spare });
    case 'tmux': {
      const to = callbackAddress(callbackUrl, gateway);
      return new TmuxEngine({
        ...{ ...shared, profile, workspaceName },
        ...(responses === undefined ? {} : { responses }),
        ...(to === undefined ? {} : callingBack(new Callbacks({ to, folder, ...shared }))),
      });
    }
  }
}

/** What the engine tells at the end of a turn goes to the gateway. */
function callingBack(callbacks: Callbacks): Pick<TmuxEngineOptions, 'onStop'> {
  void callbacks.again();
  return { onStop: ({ bridgeToken, ...callback }) => void callbacks.send(bridgeToken, callback) };
}
