import { isRecord } from '@remuda/protocol';

/** The target of a `$ref`, with a name for it. */
export interface Target {
  readonly name: string;
  readonly node: unknown;
}

const nowhere = 'http://schema.invalid/';

/** Resolves the `$ref`s of a schema: pointers, anchors and `$id`s, all within the schema itself. */
export class References {
  readonly #resources = new Map<string, unknown>();
  readonly #bases = new Map<unknown, string>();

  constructor(root: unknown) {
    this.#resources.set(nowhere, root);
    this.#collect(root, nowhere);
  }

  /** The target of a reference in `node`; undefined for a dangling one. */
  find(node: unknown, ref: string): Target | undefined {
    const url = resolve(ref, this.#bases.get(node) ?? nowhere);
    if (url === undefined) return undefined;
    const [resource = '', fragment = ''] = url.split('#');
    const name = lastWord(fragment === '' ? ref : fragment);
    if (!fragment.startsWith('/') && fragment !== '') return named(name, this.#resources.get(url));
    return named(name, pointed(this.#resources.get(resource), fragment));
  }

  #collect(node: unknown, base: string): void {
    if (typeof node !== 'object' || node === null || this.#bases.has(node)) return;
    const own = isRecord(node) ? this.#note(node, base) : base;
    this.#bases.set(node, own);
    for (const inner of Object.values(node)) this.#collect(inner, own);
  }

  /** Registers the names of a node, and returns the base URL of its references. */
  #note(node: Record<string, unknown>, base: string): string {
    const { $id, $anchor, $dynamicAnchor } = node;
    const url = typeof $id === 'string' ? resolve($id, base) : undefined;
    if (url !== undefined) this.#resources.set(url.replace(/#$/, ''), node);
    const own = url === undefined || url.includes('#') ? base : url;
    for (const anchor of [$anchor, $dynamicAnchor])
      if (typeof anchor === 'string') this.#resources.set(`${own}#${anchor}`, node);
    return own;
  }
}

function named(name: string, node: unknown): Target | undefined {
  return node === undefined ? undefined : { name, node };
}

function resolve(ref: string, base: string): string | undefined {
  return URL.canParse(ref, base) ? new URL(ref, base).href : undefined;
}

function lastWord(path: string): string {
  return (
    path
      .split(/[/#]/)
      .at(-1)
      ?.replace(/[^A-Za-z0-9_.-]/g, '_') || 'root'
  );
}

/** Follows a JSON pointer from a URL fragment. */
function pointed(from: unknown, pointer: string): unknown {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => decoded(step).replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce<unknown>(
    (node, step) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, step) ? Reflect.get(node, step) : undefined,
    from,
  );
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
