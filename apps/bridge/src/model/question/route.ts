/** What a request is for: `probe` is answered by the bridge, the others may go on to the model. */
export type Route = 'probe' | 'messages' | 'count_tokens';

const table: ReadonlyMap<string, Route> = new Map([
  ['HEAD /', 'probe'],
  ['POST /v1/messages', 'messages'],
  ['POST /v1/messages/count_tokens', 'count_tokens'],
]);

/** The route of a request, by method and the path exactly as sent, with no query but Claude Code's; undefined for any other. */
export function routeOf(method: string, url: string): Route | undefined {
  return table.get(`${method} ${url.endsWith(query) ? url.slice(0, -query.length) : url}`);
}

const query = '?beta=true';
