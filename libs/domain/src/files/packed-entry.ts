/** What one entry of an archive is. Everything but files and folders is refused. */
export type EntryKind = 'file' | 'folder' | 'link' | 'device' | 'other';

/** An entry of an archive, as its header says. */
export interface PackedEntry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Size of its content. */
  readonly bytes: number;
}

/** How much an archive may unpack to. */
export interface UnpackLimits {
  /** Files and folders. */
  readonly maxEntries: number;
  /** Content of all files. */
  readonly maxBytes: number;
}

/** Limits of a path, in UTF-16 units: of all of it, and of one name in it. */
const longest = { path: 1_024, name: 255 };

/**
 * A path within a folder: without `./` at its beginning and slashes at its end. Undefined for one that leads elsewhere (`..`,
 * an absolute one), or that no file system takes. The folder itself is ''.
 */
export function innerPath(path: string): string | undefined {
  const plain = path.replace(/^(\.\/+)+/, '').replace(/\/+$/, '');
  if (plain === '' || plain === '.') return path.startsWith('/') || path === '' ? undefined : '';
  const names = plain.split('/');
  const isPlain = (name: string): boolean =>
    name !== '' && name !== '.' && name !== '..' && name.length <= longest.name && !hasControl(name);
  return plain.length <= longest.path && names.every(isPlain) ? plain : undefined;
}

function hasControl(name: string): boolean {
  // No name of a person's file has one, and each confuses somebody.
  return /[\u0000-\u001f\u007f]/.test(name);
}

const words: Readonly<Record<Exclude<EntryKind, 'file' | 'folder'>, string>> = {
  link: 'is a link: pack what it leads to instead (tar -h --hard-dereference)',
  device: 'is a device',
  other: 'is neither a file nor a folder',
};

/**
 * Watches over the entries of an archive as they come: none leads out of its folder, is anything but a file or a folder, or
 * stands below a file; and all together keep within the limits. Its state is its own; one for each archive.
 */
export class EntryWatch {
  #entries = 0;
  #bytes = 0;
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>(['']);

  constructor(private readonly limits: UnpackLimits) {}

  /** What is wrong with the next entry, as a sentence; or its path. Declared sizes count: content must keep to them. */
  next({ path, kind, bytes }: PackedEntry): { readonly path: string } | { readonly fault: string } {
    const shown = JSON.stringify(path.slice(0, 200));
    const inner = innerPath(path);
    if (inner === undefined) return { fault: `${shown} is no path within the workspace` };
    if (kind !== 'file' && kind !== 'folder') return { fault: `${shown} ${words[kind]}` };
    this.#entries++;
    this.#bytes += bytes;
    if (this.#entries > this.limits.maxEntries)
      return { fault: `it has more than ${String(this.limits.maxEntries)} files and folders` };
    if (!(bytes >= 0) || this.#bytes > this.limits.maxBytes)
      return { fault: `it unpacks to more than ${String(this.limits.maxBytes)} bytes` };
    return this.#place(inner, kind) ? { path: inner } : { fault: `${shown} is a file and a folder, or comes twice` };
  }

  /** Whether it can stand where it is to stand. */
  #place(path: string, kind: 'file' | 'folder'): boolean {
    const names = path.split('/');
    for (let i = 1; i < names.length; i++) {
      const parent = names.slice(0, i).join('/');
      if (this.#files.has(parent)) return false;
      this.#folders.add(parent);
    }
    if (kind === 'folder') {
      if (this.#files.has(path)) return false;
      this.#folders.add(path);
      return true;
    }
    if (path === '' || this.#files.has(path) || this.#folders.has(path)) return false;
    this.#files.add(path);
    return true;
  }
}
