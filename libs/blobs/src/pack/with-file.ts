import { createGunzip, createGzip } from 'node:zlib';
import { pathInWorkspace, type UnpackLimits } from '@remuda/domain';
import { Header, Pax, type ReadEntry } from 'tar';
import { atMost } from './at-most.js';
import { exactly } from './exactly.js';
import { readEntries } from './tar-entries.js';
import { tarEnd, tarPadding } from './tar-writer.js';
import { through } from './unpack.js';

/** A file that is to be in an archive, in place of the one that has its path. */
export interface NewFile {
  readonly path: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
  /** Epoch ms. */
  readonly at: number;
}

/** What an archive has where a file is to be. */
export interface PlaceOfFile {
  /** Why no file can be there. */
  readonly fault?: string;
  /** Another name of the file that is there now: it then keeps the content. */
  readonly heir?: string;
}

/** Looks through a tar.gz for the place of a file: a link, a device or a folder is not replaced, nor gone through. */
export async function placeOfFile(
  packed: AsyncIterable<Uint8Array>,
  path: string,
  limits: UnpackLimits,
): Promise<PlaceOfFile> {
  let [fault, heir]: (string | undefined)[] = [];
  for await (const entry of entriesOf(packed, limits)) {
    const at = pathInWorkspace(entry.path);
    if (at === path && !isFile(entry)) fault ??= `${JSON.stringify(at)} is a ${nameOf(entry)}`;
    else if (at !== undefined && path.startsWith(`${at}/`) && entry.type !== 'Directory')
      fault ??= `${JSON.stringify(at)} is a ${isFile(entry) ? 'file' : nameOf(entry)}`;
    else if (at?.startsWith(`${path}/`)) fault ??= `${JSON.stringify(path)} is a folder`;
    else if (isNameOf(entry, path)) heir ??= at;
    for await (const _ of entry as AsyncIterable<Uint8Array>);
  }
  return { ...(fault === undefined ? {} : { fault }), ...(heir === undefined ? {} : { heir }) };
}

/**
 * A tar.gz as another one that has this file; all others stay as they are, with their modes, times and links. `heir` is from
 * `placeOfFile`. Fails with `upload.invalid` if the content has another size than it says.
 */
export function withFile(
  packed: AsyncIterable<Uint8Array>,
  file: NewFile & Pick<PlaceOfFile, 'heir'>,
  limits: UnpackLimits,
): AsyncIterable<Uint8Array> {
  return through(rewritten(packed, file, limits), createGzip({ level: 1 }));
}

async function* rewritten(
  packed: AsyncIterable<Uint8Array>,
  { path, bytes, content, at, heir }: NewFile & Pick<PlaceOfFile, 'heir'>,
  limits: UnpackLimits,
): AsyncGenerator<Uint8Array> {
  let mode = 0o644;
  for await (const entry of entriesOf(packed, limits)) {
    const name = pathInWorkspace(entry.path);
    const isIt = name === path;
    if (isIt) mode = entry.mode ?? mode;
    if ((isIt && heir === undefined) || (heir !== undefined && name === heir)) {
      for await (const _ of entry as AsyncIterable<Uint8Array>);
      continue;
    }
    const by = isIt ? { path: `./${String(heir)}` } : isNameOf(entry, path) ? { linkpath: `./${String(heir)}` } : {};
    yield headerOf({ ...dataOf(entry), ...by });
    yield* exactly(entry as AsyncIterable<Uint8Array>, entry.size, entry.path);
    yield tarPadding(entry.size);
  }
  yield headerOf({ path: `./${path}`, type: 'File', mode, size: bytes, mtime: new Date(at) });
  yield* exactly(content, bytes, path);
  yield tarPadding(bytes);
  yield tarEnd;
}

function entriesOf(packed: AsyncIterable<Uint8Array>, limits: UnpackLimits): AsyncGenerator<ReadEntry> {
  return readEntries(atMost(through(packed, createGunzip()), limits), true);
}

type HeaderData = Exclude<ConstructorParameters<typeof Header>[0], Buffer | undefined>;

function dataOf({ path, mode, uid, gid, size, mtime, type, linkpath, uname, gname, header }: ReadEntry): HeaderData {
  const said = Object.entries({ path, mode, uid, gid, size, mtime, linkpath, uname, gname });
  const { devmaj, devmin } = header;
  const known = Object.fromEntries(said.filter(([, value]) => value !== undefined)) as HeaderData;
  return { ...known, type, devmaj, devmin };
}

function headerOf(data: HeaderData): Buffer {
  const header = new Header(data);
  const block = Buffer.alloc(512);
  if (!header.encode(block)) return block;
  const { path, linkpath, size, uid, gid } = data;
  const long = Object.entries({ path, linkpath, size, uid, gid }).filter(([, value]) => value !== undefined);
  return Buffer.concat([new Pax(Object.fromEntries(long)).encode(), block]);
}

const isFile = ({ type }: ReadEntry): boolean => ['File', 'OldFile', 'ContiguousFile'].includes(type);

/** Whether an entry is a further name of the file at this path. */
function isNameOf({ type, linkpath }: ReadEntry, path: string): boolean {
  return type === 'Link' && linkpath !== undefined && pathInWorkspace(linkpath) === path;
}

function nameOf({ type }: ReadEntry): string {
  if (type === 'Directory') return 'folder';
  return type === 'Link' || type === 'SymbolicLink' ? 'link' : 'special file';
}
