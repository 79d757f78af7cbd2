import type { Engine } from '@remuda/domain';
import { StreamEngine, TmuxEngine, type StreamEngineOptions } from '@remuda/engine';
import type { WorkerProfile } from '@remuda/protocol';

/** What the engines are set with, besides their profile. */
export interface EngineSettings {
  /** Name in the names of tmux sessions. */
  readonly workspaceName: string;
}

/** The engine that a profile asks for. */
export function engineOf(
  { workspaceName }: EngineSettings,
  { engine: profile, engineKind = 'stream' }: WorkerProfile,
  shared: Omit<StreamEngineOptions, 'profile'>,
): Engine {
  switch (engineKind) {
    case 'stream':
      return new StreamEngine({ ...shared, profile });
    case 'tmux':
      return new TmuxEngine({ ...shared, profile, workspaceName });
  }
}
