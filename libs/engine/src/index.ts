export { collectWorkspace, maxPatchBytes, type Collected } from './collect.js';
export type { GitFolder } from './git.js';
export {
  defaultLimits,
  type BridgeAddress,
  type EngineLimits,
  type EngineLog,
  type StreamEngineOptions,
} from './options.js';
export { claudeVersion, resolveClaude } from './resolve-claude.js';
export { LocalRunner, ownUser } from './runner/local-runner.js';
export type { Runner } from './runner/runner.port.js';
export { copySession, copyWorkspace, pasteSession, pasteWorkspace, type CopyPlace } from './session-copy.js';
export { StreamEngine } from './stream-engine.js';
export { schemaFaults } from './result/schema-faults.js';
export { toolRules } from './tools.js';
export { clearWorkspace, prepareWorkspace, type Prepared, type Transport } from './workspace.js';
