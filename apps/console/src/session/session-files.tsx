import { ApiError, type RemudaClient, type Session, type SessionFile } from '@remuda/client';
import type { ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { bytes } from '../shell/amounts.js';
import { hrefOfSession } from '../shell/route.js';
import { Empty, Loaded } from '../shell/states.js';

/** Files that are listed at most, and bytes of one that are shown. */
const mostFiles = 2_000;
const mostBytes = 256 * 1_024;

/** The files of a session as its last turn has left them: a list, or one of them. */
export function SessionFiles({
  session,
  file,
}: {
  readonly session: Session;
  readonly file: string | undefined;
}): ReactNode {
  // Without a snapshot there is nothing to ask for.
  if (session.snapshotAt === undefined)
    return (
      <Empty title={session.state === 'stopped' ? 'The files of a stopped session are deleted' : 'No files yet'}>
        {session.state !== 'stopped' && <p>They are there once a turn is over.</p>}
      </Empty>
    );
  return file === undefined ? <List session={session} /> : <Content session={session} path={file} />;
}

function List({ session: { id, snapshotAt } }: { readonly session: Session }): ReactNode {
  const files = usePolled(`files ${id} ${snapshotAt}`, (client) => filesOf(client, id), undefined);
  return (
    <Loaded of={files}>
      {(all) =>
        all.length === 0 ? (
          <Empty title="Its folder is empty" />
        ) : (
          <ul className="files card">
            {all.map(({ path, bytes: size }) => (
              <li key={path}>
                <a href={hrefOfSession(id, 'files', path)}>{path}</a>
                <span className="hint">{bytes(size)}</span>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

async function filesOf(client: RemudaClient, id: string): Promise<readonly SessionFile[]> {
  const files: SessionFile[] = [];
  try {
    for await (const file of client.sessions.files(id)) if (files.push(file) >= mostFiles) break;
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'session.no_files')) throw error;
  }
  return files;
}

function Content({
  session: { id, snapshotAt },
  path,
}: {
  readonly session: Session;
  readonly path: string;
}): ReactNode {
  const content = usePolled(`file ${id} ${snapshotAt} ${path}`, (client) => textOf(client, id, path), undefined);
  return (
    <>
      <p className="crumbs">
        <a href={hrefOfSession(id, 'files')}>All files</a>
      </p>
      <h2 className="mono">{path}</h2>
      <Loaded of={content}>
        {({ text, isCut }) => (
          <>
            {text === undefined ? <Empty title="It is not text" /> : <pre tabIndex={0}>{text}</pre>}
            {isCut && <p className="hint">Only its first {bytes(mostBytes)} are shown.</p>}
          </>
        )}
      </Loaded>
    </>
  );
}

interface Shown {
  /** Undefined for what is not UTF-8. */
  readonly text: string | undefined;
  readonly isCut: boolean;
}

async function textOf(client: RemudaClient, id: string, path: string): Promise<Shown> {
  const reader = (await client.sessions.file(id, path)).getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [text, size] = ['', 0];
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
      size += part.value.byteLength;
      if (text.includes('\0')) return { text: undefined, isCut: false };
      if (size > mostBytes) return { text: text.slice(0, mostBytes), isCut: true };
    }
    return { text: text + decoder.decode(), isCut: false };
  } catch (error) {
    if (error instanceof TypeError && size >= 0 && isBadText(error)) return { text: undefined, isCut: false };
    throw error;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A decoder's fault has a code in every browser of today; a broken connection has none. */
const isBadText = (error: TypeError): boolean => /decod|encod/i.test(error.message);
