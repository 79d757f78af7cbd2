export { collectWorkspace, maxPatchBytes, type Collected } from './workspace/collect.js';
export { withCommits, type CommitsAim, type OutgoingCommits } from './workspace/commits.js';
export type { GitFolder } from './workspace/git.js';
export {
  defaultLimits,
  type BridgeAddress,
  type EngineLimits,
  type EngineLog,
  type StreamEngineOptions,
} from './options.js';
export { claudeVersion, resolveClaude } from './process/resolve-claude.js';
export { ContainedRunner } from './runner/contained-runner.js';
export { LocalRunner, ownUser } from './runner/local-runner.js';
export { admitAgent, reachWorker } from './runner/remote/agent-socket.js';
export { RemoteRunner } from './runner/remote/remote-runner.js';
export { serveRunner } from './runner/remote/serve-runner.js';
export type { Exit, Runner, RunningProgram, SeenProcess } from './runner/runner.port.js';
export { listFiles, packFiles } from './workspace/artifacts.js';
export { copySession, copyWorkspace, pasteSession, pasteWorkspace, type CopyPlace } from './workspace/session-copy.js';
export { runPrepareScript, type ScriptEnd } from './workspace/prepare-script.js';
export { StreamEngine } from './stream-engine.js';
export { TmuxEngine, type StoppedTurn, type TmuxEngineOptions } from './tmux/tmux-engine.js';
export { AttachedEngine, type AttachedEngineOptions } from './tmux/attached/attached-engine.js';
export { schemaFaults } from './result/schema-faults.js';
export { toolRules } from './process/tools.js';
export { clearWorkspace, prepareWorkspace, type Prepared, type Transport } from './workspace/workspace.js';
