import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startScriptedModel, type ScriptedModel, type ScriptedModelOptions } from '@remuda/scripted-model';
import { ApiClient } from '../../../apps/local/src/demo/api-client.js';
import { startCluster as bringUp, type Cluster } from '../../../apps/local/src/cluster/cluster.js';
import { lastLines } from '../../../apps/local/src/cluster/kept-process.js';
import { chooseRuntime, engineAnswers, type RuntimeKind } from '../../../apps/local/src/cluster/runtime-choice.js';

/** What a test's cluster is made of; all of it has a default. */
export interface TestClusterOptions {
  /** Default: containers where an engine answers, else processes. */
  readonly runtime?: RuntimeKind;
  /** The profiles file, as YAML text. */
  readonly profiles?: string;
  readonly model?: ScriptedModelOptions;
  /** Further environment of the apps. */
  readonly env?: Readonly<Record<string, string>>;
  /** Idle workers of the profile `default` to wait for before the test begins. Default 1. */
  readonly warm?: number;
}

/** A whole cluster of a test's own. Only the model is scripted, in this process. */
export interface TestCluster extends Cluster {
  readonly api: ApiClient;
  readonly runtime: RuntimeKind;
  /** The scripted model: tell it what to answer, see what it was asked. */
  readonly model: ScriptedModel;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whether workers can be containers here. */
export const hasEngine: boolean = await engineAnswers(process.env['DOCKER_HOST']);

const warmLimitMs = 150_000;

/** Brings a cluster up and resolves when it has warm workers. Wants the apps built, as `npm test` does. */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const runtime = options.runtime ?? chooseRuntime({ engine: hasEngine, platform: process.platform }).kind;
  const dir = await mkdtemp(join(tmpdir(), 'remuda-test-'));
  const model = await startScriptedModel(options.model);
  let cluster: Cluster | undefined;
  const stop = async (): Promise<void> => {
    await cluster?.stop();
    await model.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    cluster = await bringUp({
      // The repositories of the tests are on this machine.
      env: {
        ...process.env,
        REMUDA_GIT_HOSTS: '127.0.0.1',
        ...(await profilesIn(dir, options.profiles)),
        ...options.env,
      },
      namespace: `test-${randomBytes(4).toString('hex')}`,
      forget: true,
      runtime,
      model: new URL(model.url),
      say: () => undefined,
    });
    const api = new ApiClient(cluster.apiUrl);
    await warmed(api, cluster, options.warm ?? 1);
    return { ...cluster, api, runtime, model, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function warmed(api: ApiClient, { logDir }: Cluster, workers: number): Promise<void> {
  if (await api.warm('default', workers, AbortSignal.timeout(warmLimitMs))) return;
  const log = await lastLines(join(logDir, 'scheduler.log'), 20);
  throw new Error(
    `${workers} warm workers did not come up within ${warmLimitMs / 1_000} s; the scheduler said:\n${log}`,
  );
}

async function profilesIn(dir: string, profiles: string | undefined): Promise<Readonly<Record<string, string>>> {
  if (profiles === undefined) return {};
  const path = join(dir, 'profiles.yaml');
  await writeFile(path, profiles);
  return { REMUDA_PROFILES: path };
}
