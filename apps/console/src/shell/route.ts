/** The parts of a job's page. */
export const jobTabs = ['timeline', 'result', 'changes', 'attempts'] as const;
export type JobTab = (typeof jobTabs)[number];

/** The parts of a session's page. */
export type SessionTab = 'turns' | 'files';

/** A page of the console. */
export type Route =
  | { readonly page: 'jobs'; readonly query: JobsQuery }
  | { readonly page: 'job'; readonly id: string; readonly tab: JobTab }
  | { readonly page: 'sessions'; readonly query: SessionsQuery }
  | { readonly page: 'session'; readonly id: string; readonly tab: SessionTab; readonly file: string | undefined }
  | { readonly page: 'submit' }
  | { readonly page: 'fleet' }
  | { readonly page: 'unknown' };

/** What a list of jobs is filtered by, and where it begins. */
export type JobsQuery = Partial<Readonly<Record<'state' | 'profile' | 'label' | 'q' | 'cursor', string>>>;

/** The same of sessions. */
export type SessionsQuery = Partial<Readonly<Record<'state' | 'cursor', string>>>;

const queryNames = ['state', 'profile', 'label', 'q', 'cursor'] as const;
const sessionQueryNames = ['state', 'cursor'] as const;

/** The page of a hash such as `#/jobs?state=failed`: everything in the address works without a server that knows it. */
export function readRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [page, id, tab, file] = path.split('/').map(decoded);
  if (page === '' || (page === 'jobs' && !id)) return { page: 'jobs', query: readQuery(search, queryNames) };
  if (page === 'jobs' && id) return { page: 'job', id, tab: jobTabs.find((each) => each === tab) ?? 'timeline' };
  if (page === 'sessions' && !id) return { page, query: readQuery(search, sessionQueryNames) };
  if (page === 'sessions' && id)
    return { page: 'session', id, tab: tab === 'files' ? tab : 'turns', file: file || undefined };
  if (page === 'submit' || page === 'fleet') return { page };
  return { page: 'unknown' };
}

function readQuery<N extends string>(search: string, names: readonly N[]): Partial<Readonly<Record<N, string>>> {
  const given = new URLSearchParams(search);
  const fields = names.map((name) => [name, given.get(name)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== null && value !== '')) as Partial<Record<N, string>>;
}

const hrefOfList = (page: string, query: JobsQuery): string => {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return search === '' ? `#/${page}` : `#/${page}?${search}`;
};
export const hrefOfJobs = (query: JobsQuery = {}): string => hrefOfList('jobs', query);
export const hrefOfSessions = (query: SessionsQuery = {}): string => hrefOfList('sessions', query);
export const hrefOfJob = (id: string, tab: JobTab = 'timeline'): string =>
  `#/jobs/${encodeURIComponent(id)}${tab === 'timeline' ? '' : `/${tab}`}`;
/** A file's path is one part of the address. */
export const hrefOfSession = (id: string, tab: SessionTab = 'turns', file?: string): string =>
  [
    `#/sessions/${encodeURIComponent(id)}`,
    ...(tab === 'turns' ? [] : [tab]),
    ...(file === undefined ? [] : [encodeURIComponent(file)]),
  ].join('/');

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
