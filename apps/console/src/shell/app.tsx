import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useApi } from '../api/api-context.js';
import { FleetPage } from '../fleet/fleet-page.js';
import { JobPage } from '../job/job-page.js';
import { JobsPage } from '../jobs/jobs-page.js';
import { SessionPage } from '../session/session-page.js';
import { SessionsPage } from '../session/sessions-page.js';
import { SubmitPage } from '../submit/submit-page.js';
import { useRoute } from './browser-state.js';
import type { Route } from './route.js';
import { Empty } from './states.js';
import { chooseTheme, chosenTheme, themes } from './theme.js';

const places = [
  { page: 'jobs', href: '#/jobs', name: 'Jobs' },
  { page: 'sessions', href: '#/sessions', name: 'Sessions' },
  { page: 'fleet', href: '#/fleet', name: 'Fleet' },
] as const;

/** The whole page: its head, and the part that the address names. */
export function App(): ReactNode {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const place = route.page === 'job' || route.page === 'session' ? `${route.page} ${route.id}` : route.page;
  const first = useRef(place);
  useEffect(() => {
    document.title = `${titleOf(route)} · Remuda`;
    // Whoever reads by ear or moves by keys begins at the new page, as they would after a real change of page.
    if (first.current === place) return;
    first.current = place;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [place]);
  return (
    <>
      <a className="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <Head page={route.page} />
      <main id="main" tabIndex={-1} ref={main}>
        <PageOf route={route} />
      </main>
    </>
  );
}

function PageOf({ route }: { readonly route: Route }): ReactNode {
  switch (route.page) {
    case 'jobs':
      return <JobsPage query={route.query} />;
    case 'job':
      return <JobPage key={route.id} id={route.id} tab={route.tab} />;
    case 'sessions':
      return <SessionsPage query={route.query} />;
    case 'session':
      return <SessionPage key={route.id} id={route.id} tab={route.tab} file={route.file} />;
    case 'submit':
      return <SubmitPage />;
    case 'fleet':
      return <FleetPage />;
    case 'unknown':
      return (
        <Empty title="There is no such page" first>
          <a href="#/jobs">To the jobs</a>
        </Empty>
      );
  }
}

function Head({ page }: { readonly page: Route['page'] }): ReactNode {
  const { hasToken, forgetToken } = useApi();
  return (
    <header className="head">
      <a className="brand" href="#/jobs">
        <Mark />
        Remuda
      </a>
      <nav aria-label="Pages">
        {places.map(({ page: each, href, name }) => (
          <a key={each} href={href} aria-current={each === page ? 'page' : each === `${page}s` ? 'true' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div className="head-end">
        {hasToken && (
          <button className="button quiet" type="button" onClick={forgetToken}>
            Sign out
          </button>
        )}
        <ThemeSwitch />
        <a className="button primary" href="#/submit" aria-current={page === 'submit' ? 'page' : undefined}>
          New job
        </a>
      </div>
    </header>
  );
}

const Mark = (): ReactNode => (
  <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M9 24V12a7 7 0 0 1 14 0v12" />
    <circle cx="16" cy="21" r="2.4" />
  </svg>
);

const signs = { system: '◐', light: '☀', dark: '☾' } as const;

function ThemeSwitch(): ReactNode {
  const [theme, setTheme] = useState(chosenTheme);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <button
      className="button quiet icon"
      type="button"
      title={`Theme: ${theme}`}
      onClick={() => {
        chooseTheme(next);
        setTheme(next);
      }}
    >
      <span aria-hidden="true">{signs[theme]}</span>
      <span className="only-read">
        Theme: {theme}. Change to {next}.
      </span>
    </button>
  );
}

function titleOf(route: Route): string {
  switch (route.page) {
    case 'job':
    case 'session':
      return route.id.slice(0, 10);
    case 'sessions':
      return 'Sessions';
    case 'submit':
      return 'New job';
    case 'fleet':
      return 'Fleet';
    default:
      return 'Jobs';
  }
}
