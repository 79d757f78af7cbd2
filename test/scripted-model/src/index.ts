export type { Step, StepError, StepTool, TokenUsage } from './script.js';
export { script } from './script.js';
export type { ScriptedModel, ScriptedModelOptions } from './server.js';
export { startScriptedModel } from './server.js';
export type { ModelRequest } from './talk.js';
