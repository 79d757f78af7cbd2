import type { Job, JobResult } from '@remuda/client';
import { useMemo, useState, type ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { isOver } from '../shell/state-badge.js';
import { Empty, Loaded } from '../shell/states.js';
import { readPatch, type FileChange, type Hunk } from './patch.js';

/** With more lines than this, files are folded at first. */
const foldAbove = 1_500;

/** What a job has changed in its repository. */
export function Changes({ job }: { readonly job: Job }): ReactNode {
  return isOver(job.state) ? <Over job={job} /> : <Empty title="Changes are collected when the job ends" />;
}

function Over({ job: { id, times } }: { readonly job: Job }): ReactNode {
  const result = usePolled(`${id} ${times.overAt}`, (client) => client.result(id), undefined);
  return (
    <Loaded of={result}>
      {({ git }) => (git && git.filesChanged > 0 ? <Patch git={git} /> : <Empty title="It changed nothing" />)}
    </Loaded>
  );
}

function Pushed({ push }: { readonly push: NonNullable<NonNullable<JobResult['git']>['push']> }): ReactNode {
  const { state, branch, url, message, pullRequest } = push;
  if (state !== 'pushed')
    return (
      <p className="hint">
        Nothing was pushed to {branch}: {message}
      </p>
    );
  return (
    <p className="hint">
      Pushed to {branch}: <Page url={url} />
      {pullRequest?.state === 'failed' && `. No pull request was opened: ${pullRequest.message ?? ''}`}
      {pullRequest && pullRequest.state !== 'failed' && (
        <>
          . Pull request{pullRequest.number === undefined ? '' : ` ${pullRequest.number}`}:{' '}
          <Page url={pullRequest.url} />
        </>
      )}
    </p>
  );
}

/** A link, if it is one: it has come by way of the job's container. */
function Page({ url = '' }: { readonly url: string | undefined }): ReactNode {
  return /^https?:\/\//.test(url) ? (
    <a href={url} target="_blank" rel="noreferrer">
      {url}
    </a>
  ) : (
    url
  );
}

function Patch({ git }: { readonly git: NonNullable<JobResult['git']> }): ReactNode {
  const { patch, commits } = git;
  const files = useMemo(() => readPatch(patch ?? ''), [patch]);
  const lines = files.reduce((sum, file) => sum + file.added + file.removed, 0);
  return (
    <>
      <div className="patch-head">
        <p>
          {git.filesChanged} {git.filesChanged === 1 ? 'file' : 'files'}, <b className="plus">+{git.insertions}</b>{' '}
          <b className="minus">−{git.deletions}</b> on <span className="mono">{git.branch}</span> from{' '}
          <span className="mono">{git.base.slice(0, 10)}</span>
        </p>
        {patch !== undefined && <CopyPatch patch={patch} />}
      </div>
      {git.push && <Pushed push={git.push} />}
      {commits.length > 0 && (
        <ul className="commits">
          {commits.map(({ id, subject }) => (
            <li key={id}>
              <span className="mono">{id.slice(0, 10)}</span> {subject}
            </li>
          ))}
        </ul>
      )}
      {patch === undefined && <p className="hint">The patch is over the size limit.</p>}
      {files.map((file) => (
        <FileView key={file.path} file={file} open={lines <= foldAbove} />
      ))}
    </>
  );
}

function CopyPatch({ patch }: { readonly patch: string }): ReactNode {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([patch], { type: 'text/x-patch' }));
    Object.assign(document.createElement('a'), { href: url, download: 'job.patch' }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <button className="button" type="button" onClick={save}>
      Save the patch
    </button>
  );
}

function FileView({ file, open: atFirst }: { readonly file: FileChange; readonly open: boolean }): ReactNode {
  const [open, setOpen] = useState(atFirst);
  return (
    <details className="file card" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="mono file-path">
          {file.from === undefined ? '' : `${file.from} → `}
          {file.path}
        </span>
        <span className="file-how">
          {file.how === 'changed' ? '' : file.how} <b className="plus">+{file.added}</b>{' '}
          <b className="minus">−{file.removed}</b>
        </span>
      </summary>
      {open && file.binary && <p className="hint padded">A binary file.</p>}
      {open && file.hunks.map((hunk, at) => <HunkView key={at} hunk={hunk} />)}
    </details>
  );
}

const signs = { same: ' ', added: '+', removed: '−', note: '' } as const;

function HunkView({ hunk }: { readonly hunk: Hunk }): ReactNode {
  return (
    <div className="hunk" role="region" aria-label={hunk.head} tabIndex={0}>
      <div className="hunk-lines">
        <p className="hunk-head mono">{hunk.head}</p>
        {hunk.lines.map((line, at) => (
          <div key={at} className={`line line-${line.kind}`}>
            <span className="line-number" aria-hidden="true">
              {line.before ?? ''}
            </span>
            <span className="line-number" aria-hidden="true">
              {line.after ?? ''}
            </span>
            <span className="line-sign">{signs[line.kind]}</span>
            <code>{line.text}</code>
          </div>
        ))}
      </div>
    </div>
  );
}
