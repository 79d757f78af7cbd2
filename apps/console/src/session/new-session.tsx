import { useState, type ReactNode } from 'react';
import { useApi } from '../api/api-context.js';
import { goTo } from '../shell/browser-state.js';
import { hrefOfSession } from '../shell/route.js';
import { Field } from '../submit/field.js';

const empty = { title: '', profile: '', budget: '', url: '', keepTurns: '' };

/** A form for a new session, folded until it is wanted. */
export function NewSession(): ReactNode {
  const { client, report } = useApi();
  const [draft, setDraft] = useState(empty);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const field = (name: keyof typeof empty) => ({
    ...{ name, value: draft[name], fault: undefined },
    onChange: (value: string) => setDraft({ ...draft, [name]: value.trimStart() }),
  });
  const create = async (): Promise<void> => {
    const { title, profile, budget, url, keepTurns } = draft;
    setBusy(true);
    setFault(undefined);
    try {
      const session = await client.sessions.create({
        ...(title !== '' && { metadata: { title } }),
        ...(profile !== '' && { profile }),
        ...(budget !== '' && { maxBudgetUsd: Number(budget) }),
        ...(keepTurns !== '' && { keepTurns: Number(keepTurns) }),
        ...(url !== '' && { workspace: { kind: 'git', url } }),
      });
      goTo(hrefOfSession(session.id));
    } catch (error) {
      report(error);
      setFault((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <details className="new-session">
      <summary className="button">New session</summary>
      <form
        className="card padded"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <div className="fields">
          <Field {...field('title')} label="Title" />
          <Field {...field('profile')} label="Profile" placeholder="default" />
          <Field {...field('budget')} label="Budget in US dollars" placeholder="no limit" inputMode="decimal" />
          <Field {...field('keepTurns')} label="Turns to fork at" placeholder="1: the latest" inputMode="numeric" />
          <Field {...field('url')} label="Git repository" placeholder="https://… (an empty folder without)" />
        </div>
        {fault !== undefined && (
          <p className="fault" role="alert">
            {fault}
          </p>
        )}
        <button className="button primary" type="submit" disabled={busy}>
          Create
        </button>
      </form>
    </details>
  );
}
