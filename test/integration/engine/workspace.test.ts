import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { access, chmod, cp, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearWorkspace, collectWorkspace, prepareWorkspace, type GitFolder, type Prepared } from '@remuda/engine';
import { script } from '@remuda/scripted-model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bash, warmStable } from './stable.js';

const env = { PATH: process.env['PATH']! };

/** A repository that is made once, and copied for each test. */
const made = mkdtempSync(join(tmpdir(), 'remuda-origin-'));
let folder: string;
let origin: string;
let at: GitFolder;

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A repository with two commits on `trunk`, a branch `side` and a tag. */
function makeOrigin(path: string): void {
  execFileSync('git', ['init', '-q', '-b', 'trunk', path]);
  execFileSync('sh', ['-c', 'echo one > a.txt; echo keep > b.txt; mkdir d; echo x > d/x'], { cwd: path });
  git(path, 'add', '.');
  git(path, 'commit', '-qm', 'first');
  git(path, 'tag', 'v1');
  git(path, 'checkout', '-qb', 'side');
  execFileSync('sh', ['-c', 'echo side > a.txt'], { cwd: path });
  git(path, 'commit', '-qam', 'on the side');
  git(path, 'checkout', '-q', 'trunk');
  execFileSync('sh', ['-c', 'echo two > a.txt'], { cwd: path });
  git(path, 'commit', '-qam', 'second');
}

beforeAll(() => makeOrigin(made));
afterAll(() => rm(made, { recursive: true, force: true }));
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remuda-workspace-'));
  origin = join(folder, 'origin');
  await cp(made, origin, { recursive: true, preserveTimestamps: true });
  at = { folder: join(folder, 'work'), env };
  await mkdir(at.folder);
  await clearWorkspace(at);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const prepare = (ref?: string, depth?: number): Promise<Prepared | undefined> =>
  prepareWorkspace(
    at,
    { kind: 'git', url: 'unused', ...(ref ? { ref } : {}), ...(depth ? { depth } : {}) },
    { remote: `file://${origin}` },
  );

const shell = (command: string): void => void execFileSync('sh', ['-ec', command], { cwd: at.folder });

describe('preparing a workspace', () => {
  it('checks out the default branch under its name', async () => {
    expect(await prepare()).toEqual({ commit: git(origin, 'rev-parse', 'trunk'), branch: 'trunk' });
    expect(await readFile(join(at.folder, 'a.txt'), 'utf8')).toBe('two\n');
  });

  it.each(['side', 'refs/heads/side', 'v1'])('checks out %s', async (ref) => {
    const prepared = await prepare(ref);
    expect(prepared?.commit).toBe(git(origin, 'rev-parse', `${ref}^{commit}`));
    expect(git(at.folder, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe(prepared?.branch);
  });

  it('checks out a commit, on a branch of its own', async () => {
    const commit = git(origin, 'rev-parse', 'v1');
    expect(await prepare(commit)).toEqual({ commit, branch: 'work' });
  });

  it('fetches no more history than asked for', async () => {
    await prepare('trunk', 1);
    expect(git(at.folder, 'rev-list', '--count', 'HEAD')).toBe('1');
  });

  it('does nothing for an empty workspace', async () => {
    expect(await prepareWorkspace(at, { kind: 'empty' }, { remote: 'unused' })).toBeUndefined();
  });

  it('says in git’s words what went wrong', async () => {
    await expect(prepare('nowhere')).rejects.toMatchObject({
      code: 'workspace.failed',
      message: expect.stringContaining('nowhere'),
    });
    await expect(
      prepareWorkspace(at, { kind: 'git', url: 'x' }, { remote: join(folder, 'none') }),
    ).rejects.toMatchObject({ code: 'workspace.failed' });
  });

  it.each(['--upload-pack=touch hacked', '-x', 'a..b', 'a b', 'a:b', '+a', '@{-1}', 'x*'])(
    'refuses the ref %s',
    async (ref) => {
      await expect(prepare(ref)).rejects.toMatchObject({
        code: 'workspace.failed',
        message: expect.stringContaining('ref'),
      });
    },
  );

  it('ends when it is aborted', async () => {
    const remote = 'ext::tail -f /dev/null';
    const config = { 'protocol.ext.allow': 'always' };
    const preparing = prepareWorkspace(
      at,
      { kind: 'git', url: 'x', ref: 'trunk' },
      { remote, config, signal: AbortSignal.timeout(200) },
    );
    await expect(preparing).rejects.toMatchObject({ code: 'workspace.failed' });
  });
});

describe('collecting a workspace', () => {
  it('gives commits, counts, and a patch with new files that applies to the base', async () => {
    const base = (await prepare())!.commit;
    git(at.folder, 'rm', '-q', 'b.txt');
    shell('echo three > a.txt');
    git(at.folder, 'commit', '-qam', 'work done');
    shell('echo four >> a.txt; echo new > new.txt; printf "\\000\\377bin" > bin; rm d/x');
    const { git: outcome, warnings } = await collectWorkspace(at, base);
    expect(warnings).toEqual([]);
    expect(outcome).toMatchObject({
      branch: 'trunk',
      base,
      commits: [{ id: git(at.folder, 'rev-parse', 'HEAD'), subject: 'work done' }],
      filesChanged: 5,
      insertions: 3,
      deletions: 3,
    });
    git(origin, 'checkout', '-q', base);
    execFileSync('git', ['apply', '--index', '-'], { cwd: origin, input: outcome!.patch });
    for (const file of ['a.txt', 'new.txt', 'bin'])
      expect(await readFile(join(origin, file))).toEqual(await readFile(join(at.folder, file)));
    expect(await there(join(origin, 'b.txt'))).toBe(false);
  });

  it('leaves the job’s own index and status as they were', async () => {
    const base = (await prepare())!.commit;
    shell('echo new > new.txt');
    const before = git(at.folder, 'status', '--porcelain');
    await collectWorkspace(at, base);
    expect(git(at.folder, 'status', '--porcelain')).toBe(before);
  });

  it('says of an untouched repository that nothing changed', async () => {
    const base = (await prepare())!.commit;
    expect(await collectWorkspace(at, base)).toMatchObject({
      warnings: [],
      git: { commits: [], filesChanged: 0, patch: '' },
    });
  });

  it('compares links and does not follow them', async () => {
    const base = (await prepare())!.commit;
    await writeFile(join(folder, 'secret'), 'outside\n');
    await symlink(join(folder, 'secret'), join(at.folder, 'link'));
    await symlink(folder, join(at.folder, 'up'));
    const { git: outcome } = await collectWorkspace(at, base);
    expect(outcome!.patch).toContain('new file mode 120000');
    expect(outcome!.patch).not.toContain('outside');
  });

  it('runs nothing that the repository’s configuration names', async () => {
    const base = (await prepare())!.commit;
    const hack = join(at.folder, 'hacked');
    for (const key of [
      'core.fsmonitor',
      'diff.external',
      'filter.evil.clean',
      'filter.evil.process',
      'diff.evil.textconv',
      'diff.evil.command',
    ])
      git(at.folder, 'config', key, `touch ${hack}; cat`);
    git(at.folder, 'config', 'filter.evil.required', 'true');
    shell('echo "* filter=evil diff=evil" > .gitattributes; echo changed > a.txt; mkdir -p .git/hooks');
    for (const hook of ['post-index-change', 'pre-commit', 'reference-transaction']) {
      await writeFile(join(at.folder, '.git/hooks', hook), `#!/bin/sh\ntouch ${hack}\n`);
      await chmod(join(at.folder, '.git/hooks', hook), 0o755);
    }
    const { git: outcome, warnings } = await collectWorkspace(at, base);
    expect(warnings).toEqual([]);
    expect(outcome!.patch).toContain('+changed');
    expect(await there(hack)).toBe(false);
  });

  it('leaves out the files for which the patch is too large, and names them', async () => {
    const base = (await prepare())!.commit;
    shell('head -c 9000000 /dev/urandom | base64 > big.txt; echo small > small.txt');
    const { git: outcome, warnings } = await collectWorkspace(at, base);
    expect(outcome).toMatchObject({ filesChanged: 2 });
    expect(outcome!.patch).toContain('+small');
    expect(outcome!.patch).not.toContain('big.txt');
    expect(warnings).toEqual([expect.stringMatching(/larger than .*"big\.txt"/)]);
  });

  it('gives text that is not UTF-8 byte for byte', async () => {
    const base = (await prepare())!.commit;
    shell('printf "caf\\351\\n" > latin.txt; echo plain > plain.txt');
    const { git: outcome } = await collectWorkspace(at, base);
    git(origin, 'checkout', '-q', base);
    execFileSync('git', ['apply', '-'], { cwd: origin, input: outcome!.patch });
    expect(await readFile(join(origin, 'latin.txt'))).toEqual(Buffer.from('caf\xe9\n', 'latin1'));
  });

  /** What the job left behind, with what it would look like to who applies its patch to the base. */
  const collected = async (base: string) => {
    const { git: outcome, warnings } = await collectWorkspace(at, base, { remote: `file://${origin}` });
    git(origin, 'checkout', '-q', base);
    execFileSync('git', ['apply', '--index', '--allow-empty', '-'], { cwd: origin, input: outcome?.patch ?? '' });
    return { outcome, warnings, applied: (name: string) => readFile(join(origin, name), 'utf8') };
  };

  it.each([
    ['a file became a folder', 'rm a.txt; mkdir a.txt; echo in > a.txt/x', ['a.txt/x', 'in\n'], []],
    ['a folder became a file', 'rm -r d; echo flat > d', ['d', 'flat\n'], []],
    ['a folder became a link', 'mv d e; ln -s e d; echo more >> e/x; echo new > new', ['e/x', 'x\nmore\n'], []],
    ['a folder became a link to nowhere', 'rm -r d; ln -s x d; echo new > new', ['new', 'new\n'], []],
    [
      'a repository without a commit stands within',
      'git init -q nested; echo new > new',
      ['new', 'new\n'],
      ['"nested"'],
    ],
    [
      'a repository with a commit stands within',
      'git init -q nested; git -C nested -c user.name=t -c user.email=t@t commit -q --allow-empty -m x; echo new > new',
      ['new', 'new\n'],
      ['"nested"'],
    ],
    ['HEAD has no commit', 'git checkout -q --orphan fresh; echo new > new', ['new', 'new\n'], ['HEAD']],
    ['the repository was made anew', 'rm -rf .git; git init -q; echo new > new', ['new', 'new\n'], ['HEAD', 'broken']],
    ['there is no repository any more', 'rm -rf .git; echo new > new', ['new', 'new\n'], ['HEAD', 'broken']],
    ['the repository is a file', 'rm -rf .git; echo x > .git; echo new > new', ['new', 'new\n'], ['HEAD', 'broken']],
    [
      'objects of the base are gone',
      'rm -rf .git/objects; mkdir .git/objects; echo new > new',
      ['new', 'new\n'],
      ['broken'],
    ],
    ['HEAD is nonsense', 'echo nonsense > .git/HEAD; echo new > new', ['new', 'new\n'], ['HEAD']],
    ['the configuration is nonsense', 'echo "[" > .git/config; echo new > new', ['new', 'new\n'], []],
    ['the index is nonsense', 'echo x > .git/index; echo new > new', ['new', 'new\n'], []],
    ['core.worktree leads away', 'git config core.worktree /etc; echo new > new', ['new', 'new\n'], []],
    ['diff.noprefix is set', 'git config diff.noprefix true; echo new > new', ['new', 'new\n'], []],
    [
      'other settings of diff are set',
      'git config diff.mnemonicPrefix true; git config diff.orderFile /nowhere; git config diff.submodule log; echo new > new',
      ['new', 'new\n'],
      [],
    ],
    [
      'the mode of files is ignored',
      'git config core.fileMode false; chmod +x a.txt; echo new > new',
      ['new', 'new\n'],
      [],
    ],
    ['sparse checkout is on', 'git sparse-checkout set d; echo new > d/new', ['a.txt', 'two\n'], []],
    [
      'an ignored file was added',
      'echo "*.log" > .gitignore; echo new > x.log; git add -f x.log',
      ['x.log', 'new\n'],
      [],
    ],
    [
      'an attribute names a kind of diff beside other text',
      'echo "*.php diff=php" > .gitattributes; printf "caf\\351\\n" > a.php; echo new > new',
      ['new', 'new\n'],
      [],
    ],
    ['a file has a name that is no text', 'echo new > "$(printf "n\\351w")"; echo new > new', ['new', 'new\n'], []],
    ['the folder may not be written to', 'echo new > new; chmod a-w .', ['new', 'new\n'], []],
    ['there are pipes and sockets', 'mkfifo pipe; echo new > new', ['new', 'new\n'], []],
    [
      'an encoding does not fit',
      'echo "*.u working-tree-encoding=UTF-16" > .gitattributes; printf x > a.u; echo new > new',
      ['new', 'new\n'],
      ['"a.u"'],
    ],
  ] as const)('keeps what it can when %s', async (_what, command, [name, content], named) => {
    const base = (await prepare())!.commit;
    shell(command);
    const { warnings, applied } = await collected(base);
    expect(await applied(name)).toBe(content);
    for (const word of named) expect(warnings.join('\n')).toContain(word);
    if (named.length === 0) expect(warnings).toEqual([]);
  });

  it('leaves nothing of its own behind', async () => {
    const base = (await prepare())!.commit;
    const before = await readdir(at.folder);
    await collectWorkspace(at, base);
    expect(await readdir(at.folder)).toEqual(before);
  });

  it('warns when nothing can be compared', async () => {
    const base = (await prepare())!.commit;
    shell('rm -rf .git');
    expect(await collectWorkspace(at, base)).toEqual({ warnings: [expect.stringContaining('could not be compared')] });
  });
});

describe('clearing a workspace', () => {
  it('leaves an empty repository, whatever was in it', async () => {
    await prepare();
    await symlink(origin, join(at.folder, 'link'));
    shell('mkdir closed; touch closed/x .hidden "name with spaces" -- -rf; chmod 000 closed; chmod a-w .');
    await clearWorkspace(at);
    expect(await readdir(at.folder)).toEqual(['.git']);
    expect(() => git(at.folder, 'rev-parse', 'HEAD')).toThrow();
    expect(await there(join(origin, 'a.txt'))).toBe(true);
  });
});

describe('a job in a repository', () => {
  it('is told its state by the first request, and its work comes back as a patch', async () => {
    await using one = await warmStable();
    const prepared = await prepareWorkspace(
      one.engine.workspace,
      { kind: 'git', url: 'x' },
      { remote: `file://${origin}` },
    );
    const { end } = await one.run(
      script(bash('echo mine > mine.txt && git add . && git commit -qm "my work"'), { text: 'done' }),
      { freshFiles: true },
    );
    expect(end.kind).toBe('succeeded');
    const asked = JSON.stringify(one.model.lastMain);
    expect(asked).toContain('Is a git repository: true');
    expect(asked).toContain('second');
    const { git: outcome } = await collectWorkspace(one.engine.workspace, prepared!.commit);
    expect(outcome).toMatchObject({
      branch: 'trunk',
      commits: [{ subject: 'my work' }],
      filesChanged: 1,
      insertions: 1,
    });
    expect(outcome!.patch).toContain('+mine');
  });
});
