import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { ArtifactOptions } from './commands/artifacts.js';
import { followJob, run } from './commands/run.js';
import { codeOfError, exitCodes } from './exit-code.js';
import { jobOf, withJobOptions, type JobOptions } from './job-options.js';
import { readPrompt } from './prompt.js';
import { reasonOf } from './reason-of.js';
import { openSession, type Session } from './session.js';
import type { Surroundings } from './surroundings.js';
import { version } from './settings/version.js';
import { ApiError, type Job } from '@remuda/client';

/** Commands whose libraries take longer to load than the command itself is to take: loaded when they are asked for. */
const later = {
  artifacts: () => import('./commands/artifacts.js'),
  batch: () => import('./commands/batch.js'),
  completion: () => import('@bomb.sh/tab/commander'),
  doctor: () => import('./commands/doctor.js'),
  fleet: () => import('./commands/fleet.js'),
  jobs: () => import('./commands/jobs.js'),
  top: () => import('./commands/top.js'),
  up: () => import('./commands/up.js'),
  upload: () => import('./upload/upload-folder.js'),
};

/** The states of jobs. */
const states = ['queued', 'assigned', 'running', 'succeeded', 'failed', 'cancelled'] satisfies readonly Job['state'][];

const atLeastOne = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
};

/** Runs a command line (without node and script). Resolves with the exit code; nothing is thrown. */
export async function runCommand(
  args: readonly string[],
  around: Surroundings,
  stdin: NodeJS.ReadStream,
): Promise<number> {
  let code: number = exitCodes.ok;
  const program = programOf(around, stdin, (ended) => (code = ended));
  try {
    // Not for a command that is named at once: its completion is of no use to it, and takes a while to load.
    if (!program.commands.some((command) => command.name() === args[0]))
      (await later.completion()).default(program, { completionCommandName: 'completion' });
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (around.leaving.aborted && isAbort(error)) return exitCodes.interrupted;
    around.stderr.write(`remuda: ${reasonOf(error)}\n`);
    if (error instanceof ApiError)
      for (const { path, message } of error.faults)
        if (!error.message.includes(`${path} ${message}`)) around.stderr.write(`  ${path}: ${message}\n`);
    return codeOfError(error);
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

function programOf(around: Surroundings, stdin: NodeJS.ReadStream, end: (code: number) => void): Command {
  /** An action that opens a session, and tells with which code it ended. */
  const act =
    (work: (session: Session, args: readonly unknown[], options: never) => Promise<number>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.pop() as Command;
      const options = given.pop() as never;
      end(await work(await openSession(command, around), given, options));
    };
  const program = new Command('remuda')
    .description('Runs prompts as jobs of warm, isolated Claude Code workers')
    .option('--url <url>', 'address of the api (REMUDA_URL; http://127.0.0.1:7373)')
    .option('--token <token>', 'bearer token (REMUDA_TOKEN)')
    .option('--profile <name>', 'profile of the jobs (REMUDA_PROFILE)')
    .option('--json', 'print JSON, for programs')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => around.stdout.write(text), writeErr: (text) => around.stderr.write(text) })
    .showHelpAfterError('(remuda --help tells how it is used)');

  const job = (session: Session, words: unknown, options: JobOptions) =>
    readPrompt(words as readonly string[], stdin).then((prompt) =>
      jobOf(prompt, options, {
        cwd: session.cwd,
        profile: session.settings.profile,
        say: session.say,
        upload: async (folder) => (await later.upload()).uploadFolder(session, folder),
      }),
    );
  withJobOptions(program.command('run [prompt...]').description('submit a job, show what it does, print its result'))
    .option('--apply', 'apply its patch to the working copy here')
    .action(
      act(async (session, [words], options: JobOptions) =>
        run(session, await job(session, words, options), options.apply === true),
      ),
    );
  withJobOptions(program.command('submit [prompt...]').description('submit a job, and print its id')).action(
    act(async (session, [words], options: JobOptions) => {
      const accepted = await session.client.submit(await job(session, words, options));
      session.print(session.json ? JSON.stringify(accepted) : accepted.id);
      return exitCodes.ok;
    }),
  );
  addJobCommands(program, act, around);
  program
    .command('batch <file>')
    .description('run every job of a file: a prompt (JSON string) or a job (JSON object) on each line')
    .option('--out <file>', 'write results here')
    .option('--again', 'as new jobs, even if this file was run in the last 24 hours')
    .action(
      act(async (session, [file], options: { out?: string; again?: boolean }) => {
        const { batch } = await later.batch();
        return batch(session, String(file), options);
      }),
    );
  program
    .command('pools')
    .description('show the pools, what waits and why')
    .action(act(async (session) => (await later.fleet()).pools(session)));
  program
    .command('tenants')
    .description('show your tenant, or all: jobs, dollars, limits, and what holds them up')
    .action(act(async (session) => (await later.fleet()).tenants(session)));
  program
    .command('workers')
    .description('show the workers')
    .action(act(async (session) => (await later.fleet()).workers(session)));
  program
    .command('drain <profile>')
    .description('let the workers of a profile finish and leave')
    .option('--reason <text>', 'why')
    .action(
      act(async (session, [profile], { reason }: { reason?: string }) =>
        (await later.fleet()).drain(session, String(profile), reason),
      ),
    );
  program
    .command('resume <profile>')
    .description('end the pause, drain or suspension of a profile')
    .action(act(async (session, [profile]) => (await later.fleet()).resume(session, String(profile))));
  program
    .command('top')
    .description('watch pools, workers and running jobs, until Ctrl-C')
    .option('--interval <seconds>', 'time between two looks', atLeastOne, 2)
    .action(
      act(async (session, _args, { interval }: { interval: number }) => {
        const { top } = await later.top();
        return top(session, { everyMs: interval * 1_000, around });
      }),
    );
  program
    .command('doctor [what] [name]')
    .description('look for what is not well; "doctor image NAME" tries an image of workers')
    .action(
      act(async (session, [what, name]) => {
        const { doctor } = await later.doctor();
        return doctor(session, what as string | undefined, name as string | undefined);
      }),
    );
  program
    .command('up')
    .description('start all of Remuda on this machine')
    .action(async () => end(await (await later.up()).up(around)));
  return program;
}

type Act = (
  work: (session: Session, args: readonly unknown[], options: never) => Promise<number>,
) => (...given: unknown[]) => Promise<void>;

function addJobCommands(program: Command, act: Act, { stdout }: Surroundings): void {
  program
    .command('follow <job>')
    .description('show what a job does, until it is over')
    .option('--after <id>', 'only events behind this one', Number, 0)
    .action(act((session, [id], { after }: { after: number }) => followJob(session, String(id), after)));
  program
    .command('ls')
    .description('list jobs, newest first')
    .addOption(new Option('--state <state>', 'in this state').choices(states))
    .option('--label <name:value>', 'with this label')
    .option('--limit <n>', 'how many', atLeastOne, 20)
    .action(
      act(async (session, _args, { limit, ...filter }: { limit: number; state?: string; label?: string }) => {
        const { profile } = session.settings;
        return (await later.jobs()).ls(session, { ...filter, ...(profile !== undefined && { profile }) }, limit);
      }),
    );
  program
    .command('show <job>')
    .description('show a job')
    .action(act(async (session, [id]) => (await later.jobs()).show(session, String(id))));
  program
    .command('cancel <job...>')
    .description('end jobs before their time')
    .option('--reason <text>', 'why')
    .action(
      act(async (session, [ids], { reason }: { reason?: string }) =>
        (await later.jobs()).cancel(session, ids as string[], reason),
      ),
    );
  program
    .command('patch <job>')
    .description('print the patch of a job, for "git apply"')
    .action(
      act(async (session, [id]) => (await later.jobs()).patch(session, String(id), (text) => void stdout.write(text))),
    );
  program
    .command('artifacts <job> [glob...]')
    .description('list the files that were kept of a job, or download them')
    .option('--out <folder>', 'download them into this folder')
    .option('--tar <file>', 'download all of them as a tar archive; "-" is stdout')
    .action(
      act(async (session, [id, globs], options: ArtifactOptions) => {
        const { artifacts } = await later.artifacts();
        return artifacts(session, String(id), { ...options, globs: globs as string[], stdout });
      }),
    );
  program
    .command('redrive <job...>')
    .description('queue failed jobs again')
    .action(act(async (session, [ids]) => (await later.jobs()).redrive(session, ids as string[])));
}
