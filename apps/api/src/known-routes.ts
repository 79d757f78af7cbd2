/** The routes of this app, to distinguish a wrong method from an unknown path. */
export class KnownRoutes {
  private readonly routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];

  /** Records a route as Fastify announces it: `/api/v1/jobs/:id`. */
  add(url: string, methods: string | readonly string[]): void {
    const escaped = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+');
    this.routes.push({ path: new RegExp(`^${escaped.replace(/\*/g, '.*')}$`), methods: [methods].flat() });
  }

  /** The methods of a path; none for an unknown path. */
  methodsAt(url: string): readonly string[] {
    const path = url.split('?', 1)[0] ?? '';
    return [...new Set(this.routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods))];
  }
}
