/** The parts of a job's page. */
export const jobTabs = ['timeline', 'result', 'changes', 'attempts'] as const;
export type JobTab = (typeof jobTabs)[number];

/** A page of the console. */
export type Route =
  | { readonly page: 'jobs'; readonly query: JobsQuery }
  | { readonly page: 'job'; readonly id: string; readonly tab: JobTab }
  | { readonly page: 'submit' }
  | { readonly page: 'fleet' }
  | { readonly page: 'unknown' };

/** What a list of jobs is filtered by, and where it begins. */
export type JobsQuery = Partial<Readonly<Record<'state' | 'profile' | 'label' | 'q' | 'cursor', string>>>;

const queryNames = ['state', 'profile', 'label', 'q', 'cursor'] as const;

/** The page of a hash such as `#/jobs?state=failed`: everything in the address works without a server that knows it. */
export function readRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const [page, id, tab] = path.split('/').map(decoded);
  if (page === '' || (page === 'jobs' && !id)) return { page: 'jobs', query: readQuery(search) };
  if (page === 'jobs' && id) return { page: 'job', id, tab: jobTabs.find((each) => each === tab) ?? 'timeline' };
  if (page === 'submit' || page === 'fleet') return { page };
  return { page: 'unknown' };
}

function readQuery(search: string): JobsQuery {
  const given = new URLSearchParams(search);
  const fields = queryNames.map((name) => [name, given.get(name)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== null && value !== ''));
}

export const hrefOfJobs = (query: JobsQuery = {}): string => {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return search === '' ? '#/jobs' : `#/jobs?${search}`;
};
export const hrefOfJob = (id: string, tab: JobTab = 'timeline'): string =>
  `#/jobs/${encodeURIComponent(id)}${tab === 'timeline' ? '' : `/${tab}`}`;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
