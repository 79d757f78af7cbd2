import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { collectWorkspace } from '@remuda/engine';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const env = { PATH: process.env['PATH']! };
const git = (cwd: string, args: readonly string[], input?: string): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    ...{ cwd, encoding: 'utf8', stdio: 'pipe' },
    ...(input === undefined ? {} : { input }),
  }).trim();

/** Few names, so that files and folders meet; some are odd. */
const name = fc.constantFrom('a', 'b', 'ü x', '"q"', '-n', '*', 'c.php', '.hidden');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const content = fc.constantFrom('', 'x', 'x\n', 'x\ny\n', 'a\r\nb\r\n', 'caf\xe9\n', '\0\xff\n', 'z'.repeat(5_000));

type Edit =
  | { readonly kind: 'write'; readonly path: string; readonly content: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'git'; readonly args: readonly string[] }
  | { readonly kind: 'nest'; readonly path: string; readonly commit: boolean };

const write = fc.record({
  kind: fc.constant('write' as const),
  path,
  content,
  mode: fc.constantFrom(0o644, 0o755),
});
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: write },
  fc.record({ kind: fc.constant('link' as const), path, to: fc.constantFrom('a', 'nowhere', '..', '/etc') }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), path }) },
  fc.record({
    kind: fc.constant('git' as const),
    args: fc.constantFrom(
      ['add', '-A'],
      ['commit', '-qam', 'work', '--allow-empty'],
      ['checkout', '-q', '--orphan', 'fresh'],
      ['rm', '-rq', '--cached', '.'],
      ['config', 'diff.noprefix', 'true'],
      ['config', 'core.worktree', '/etc'],
      ['config', 'core.fileMode', 'false'],
      ['update-ref', '-d', 'HEAD'],
    ),
  }),
  fc.record({ kind: fc.constant('nest' as const), path, commit: fc.boolean() }),
);

async function carryOut(folder: string, one: Edit): Promise<void> {
  if (one.kind === 'git') return void git(folder, one.args);
  const at = join(folder, one.path);
  await rm(at, { recursive: true, force: true });
  if (one.kind === 'remove') return;
  await mkdir(dirname(at), { recursive: true });
  if (one.kind === 'link') return symlink(one.to, at);
  if (one.kind === 'nest') {
    await mkdir(at);
    git(at, ['init', '-q']);
    if (one.commit) git(at, ['commit', '-q', '--allow-empty', '-m', 'x']);
    return;
  }
  await writeFile(at, Buffer.from(one.content, 'latin1'));
  await chmod(at, one.mode);
}

/** What stands in a folder: links, content and whether a file can be run, by path; no repository, and none within. */
async function treeOf(folder: string, under = ''): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const each of await readdir(join(folder, under))) {
    const at = under === '' ? each : `${under}/${each}`;
    const stat = await lstat(join(folder, at));
    if (each === '.git') continue;
    if (stat.isSymbolicLink()) tree[at] = `link ${await readlink(join(folder, at))}`;
    else if (!stat.isDirectory())
      tree[at] = `${stat.mode & 0o100 ? 'x' : '-'} ${(await readFile(join(folder, at))).toString('latin1')}`;
    else Object.assign(tree, await treeOf(folder, at));
  }
  return tree;
}

it('a patch makes of the base what the job left, but for what the warnings name', async () => {
  const tree = fc.array(write, { minLength: 1, maxLength: 6 });
  const attributes = fc.constantFrom('', '*.php diff=php\n', '* text=auto\n', '* diff\n');
  await fc.assert(
    fc.asyncProperty(tree, fc.array(edit, { maxLength: 8 }), attributes, async (first, edits, text) => {
      const folder = await mkdtemp(join(tmpdir(), 'remuda-patch-'));
      const work = join(folder, 'work');
      const origin = join(folder, 'origin');
      try {
        git(folder, ['init', '-q', origin]);
        for (const each of first) await carryOut(origin, each).catch(() => undefined);
        if (text !== '') await writeFile(join(origin, '.gitattributes'), text);
        git(origin, ['add', '-A']);
        git(origin, ['commit', '-qm', 'base', '--allow-empty']);
        git(folder, ['clone', '-q', origin, work]);
        const base = git(work, ['rev-parse', 'HEAD']);
        // an edit that can't be made is none
        for (const each of edits) await carryOut(work, each).catch(() => undefined);
        const left = await treeOf(work);
        const { git: outcome, warnings } = await collectWorkspace({ folder: work, env }, base);
        const patch = outcome?.patch;
        expect(patch, warnings.join('\n')).toBeDefined();
        git(origin, ['apply', '--index', '--allow-empty', '-'], patch);
        const told = warnings.join('\n');
        const unnamed = ([at]: readonly [string, string]): boolean =>
          !at.split('/').some((_, i, all) => told.includes(JSON.stringify(all.slice(0, i + 1).join('/'))));
        // line ends are git's where the repository says so
        const seen = (found: Record<string, string>) =>
          Object.entries(found)
            .filter(unnamed)
            .map(([at, what]) => [at, text.includes('auto') ? what.replaceAll('\r\n', '\n') : what])
            .sort();
        expect(seen(await treeOf(origin))).toEqual(seen(left));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 25 },
  );
}, 180_000);
