import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What the package of each ecosystem says once it is installed. */
export const greeting = (ecosystem: string): string => `hello from ${ecosystem}`;

/** What a registry answers, by path. A text may need the registry's own address. */
export type Files = Readonly<Record<string, Buffer | ((origin: string) => string)>>;

type Sources = Readonly<Record<string, string>>;

/** Files of a registry of each ecosystem, with one package, `greet` 1.0.0. Wants git, tar and, for `apt`, dpkg-deb. */
export function packages(): Files {
  const work = mkdtempSync(join(tmpdir(), 'remuda-packages-'));
  try {
    return { ...npm(work), ...pip(work), ...cargo(work), ...go(work), ...maven(), ...git(work), ...apt(work) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

function npm(work: string): Files {
  const manifest = { name: 'greet', version: '1.0.0', main: 'index.js' };
  const main = `module.exports = '${greeting('npm')}';\n`;
  const tarball = tar(work, { 'package/package.json': JSON.stringify(manifest), 'package/index.js': main });
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const metadata = (origin: string) => {
    const dist = { tarball: `${origin}/npm/greet/-/greet-1.0.0.tgz`, integrity };
    return JSON.stringify({
      ...{ name: 'greet', 'dist-tags': { latest: '1.0.0' } },
      versions: { '1.0.0': { ...manifest, dist } },
    });
  };
  return { '/npm/greet': metadata, '/npm/greet/-/greet-1.0.0.tgz': tarball };
}

/** A simple index, as PEP 503 has it, and a wheel. */
function pip(work: string): Files {
  const wheel = zip(work, '', {
    'greet.py': `word = '${greeting('pip')}'\n`,
    'greet-1.0.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: greet\nVersion: 1.0.0\n',
    'greet-1.0.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    'greet-1.0.0.dist-info/RECORD': 'greet.py,,\ngreet-1.0.0.dist-info/METADATA,,\ngreet-1.0.0.dist-info/WHEEL,,\n',
  });
  const file = 'greet-1.0.0-py3-none-any.whl';
  const page = () =>
    `<!DOCTYPE html><html><body><a href="/wheels/${file}#sha256=${sha256(wheel)}">${file}</a></body></html>`;
  return { '/simple/greet/': page, [`/wheels/${file}`]: wheel };
}

/** A sparse index, and a crate. */
function cargo(work: string): Files {
  const crate = tar(work, {
    'greet-1.0.0/Cargo.toml': '[package]\nname = "greet"\nversion = "1.0.0"\nedition = "2021"\n',
    'greet-1.0.0/src/lib.rs': `pub const WORD: &str = "${greeting('cargo')}";\n`,
  });
  const entry = { name: 'greet', vers: '1.0.0', deps: [], cksum: sha256(crate), features: {}, yanked: false };
  return {
    '/cargo/config.json': (origin) => JSON.stringify({ dl: `${origin}/crates` }),
    '/cargo/gr/ee/greet': () => `${JSON.stringify(entry)}\n`,
    '/crates/greet/1.0.0/download': crate,
  };
}

/** A module proxy. */
function go(work: string): Files {
  const at = '/go/greet.example/greet/@v';
  const mod = 'module greet.example/greet\n\ngo 1.19\n';
  const source = `package greet\n\nconst Word = "${greeting('go')}"\n`;
  return {
    [`${at}/list`]: () => 'v1.0.0\n',
    [`${at}/v1.0.0.info`]: () => JSON.stringify({ Version: 'v1.0.0', Time: '2026-01-01T00:00:00Z' }),
    [`${at}/v1.0.0.mod`]: () => mod,
    [`${at}/v1.0.0.zip`]: zip(work, 'greet.example/greet@v1.0.0/', { 'go.mod': mod, 'greet.go': source }),
  };
}

/** A parent of projects: what Maven gets before it needs any plugin. */
function maven(): Files {
  const at = '/maven/example/greet/1.0.0/greet-1.0.0.pom';
  const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>example</groupId><artifactId>greet</artifactId>
<version>1.0.0</version><packaging>pom</packaging><description>${greeting('mvn')}</description></project>\n`;
  return { [at]: () => pom, [`${at}.sha1`]: () => createHash('sha1').update(pom).digest('hex') };
}

/** A repository that any web server can serve. */
function git(work: string): Files {
  const folder = laid(work, { 'greet.txt': `${greeting('git')}\n` });
  const run = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  run('init', '-q', '-b', 'main');
  run('add', '.');
  run('-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-q', '-m', 'begin');
  run('update-server-info');
  const inside = readdirSync(join(folder, '.git'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    inside.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.replace(join(folder, '.git'), '/greet.git'), readFileSync(path)];
    }),
  );
}

/** A flat archive. Empty on a machine without Debian's tools. */
function apt(work: string): Files {
  const control =
    'Package: greet\nVersion: 1.0.0\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: greets\n';
  const folder = laid(work, { 'DEBIAN/control': control, 'usr/share/greet': `${greeting('apt')}\n` });
  const file = join(folder, 'greet.deb');
  try {
    execFileSync('dpkg-deb', ['--build', '--root-owner-group', folder, file], { stdio: 'pipe' });
  } catch {
    return {};
  }
  const deb = readFileSync(file);
  const entry = `${control}Filename: ./greet.deb\nSize: ${String(deb.length)}\nSHA256: ${sha256(deb)}\n`;
  return {
    '/debian/./Packages': () => entry,
    '/debian/Packages': () => entry,
    '/debian/./greet.deb': deb,
    '/debian/greet.deb': deb,
  };
}

const sha256 = (of: Buffer): string => createHash('sha256').update(of).digest('hex');

/** Writes the files into a folder of their own. */
function laid(work: string, sources: Sources): string {
  const folder = mkdtempSync(join(work, 'one-'));
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const tar = (work: string, sources: Sources): Buffer =>
  execFileSync('tar', ['-czf', '-', '-C', laid(work, sources), ...Object.keys(sources)]);

/** By git, which can write archives of this kind wherever it is. */
function zip(work: string, prefix: string, sources: Sources): Buffer {
  const folder = laid(work, sources);
  const run = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  run('init', '-q');
  run('add', '.');
  return run('archive', '--format=zip', `--prefix=${prefix}`, run('write-tree').toString().trim());
}
