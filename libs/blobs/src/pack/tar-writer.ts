import { Header, Pax } from 'tar';

const blockBytes = 512;

/** An entry of an archive that we write: nothing of where it came from but its path, whether it is run, and its content. */
export interface WrittenEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly bytes: number;
  readonly isExecutable: boolean;
}

/** The headers of an entry; its content follows, and then `tarPadding`. */
export function tarHeader({ path, kind, bytes, isExecutable }: WrittenEntry): Buffer {
  const data = {
    path: kind === 'folder' ? `${path}/` : path,
    type: kind === 'folder' ? ('Directory' as const) : ('File' as const),
    mode: kind === 'folder' || isExecutable ? 0o755 : 0o644,
    size: bytes,
    mtime: new Date(0),
    ...{ uid: 0, gid: 0, uname: '', gname: '' },
  };
  const header = new Header(data);
  const block = Buffer.alloc(blockBytes);
  if (!header.encode(block)) return block;
  return Buffer.concat([new Pax({ path: data.path, size: bytes }).encode(), block]);
}

/** What fills the last block of so many bytes of content. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
}

/** The end of an archive. */
export const tarEnd = Buffer.alloc(2 * blockBytes);
