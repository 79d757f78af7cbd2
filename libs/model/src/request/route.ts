/** The purpose of a request: `probe` is answered by the bridge, the others may be sent to the model. */
export type Route = 'probe' | 'messages' | 'count_tokens';

const table: ReadonlyMap<string, Route> = new Map([
  ['HEAD /', 'probe'],
  ['POST /v1/messages', 'messages'],
  ['POST /v1/messages/count_tokens', 'count_tokens'],
]);

/**
 * The route of a request, by method and the exact path, with no query other than Claude Code's; undefined for any
 * other.
 */
export function routeOf(method: string, url: string): Route | undefined {
  return table.get(`${method} ${url.endsWith(query) ? url.slice(0, -query.length) : url}`);
}

const query = '?beta=true';
