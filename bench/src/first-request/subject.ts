import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { startScriptedModel, type ModelRequest, type ScriptedModel } from '@remuda/scripted-model';

/** What is compared: one Claude Code, on its own scripted model behind a unix socket, as the bridge's listener is one. */
export interface Subject {
  readonly claude: string;
  readonly version: string;
  readonly model: ScriptedModel;
  readonly socket: string;
  /** For homes and workspaces. */
  readonly dir: string;
}

/** The model that every way asks for. */
export const modelName = 'claude-sonnet-4-5';

/** Prepares a subject; its model listens. */
export async function makeSubject(claude: string, version: string, dir: string): Promise<Subject> {
  const own = join(dir, version);
  await mkdir(own, { recursive: true });
  const socket = join(own, 'model.sock');
  return { claude, version, socket, dir: own, model: await startScriptedModel({ socket }) };
}

/** A prompt that no other request holds. */
export function uniquePrompt(): string {
  return `Say hello to ${randomUUID()}`;
}

/** The first request to the model that holds the prompt. */
export function firstWith(model: ScriptedModel, prompt: string): Promise<ModelRequest> {
  return model.seen(
    (request) => request.kind === 'messages' && JSON.stringify(request.body?.messages ?? '').includes(prompt),
  );
}

/** Epoch ms with fractions: the clock by which the scripted model dates its requests. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
