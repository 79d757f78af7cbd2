import { ApiError } from '@remuda/client';
import { useState, type ReactNode } from 'react';
import { useApi } from '../api/api-context.js';
import { usePolled } from '../api/use-polled.js';
import { goTo } from '../shell/browser-state.js';
import { hrefOfJob } from '../shell/route.js';
import { Field, type FieldProps } from './field.js';
import { emptyDraft, fieldOf, toJobRequest, type Draft, type DraftFault } from './job-request.js';

/** A form for a new job. */
export function SubmitPage(): ReactNode {
  const { draft, set, faults, fault, busy, submit } = useSubmission();
  const field = (name: keyof Draft): Omit<FieldProps, 'label'> => ({
    name,
    value: draft[name],
    fault: faults.find((each) => each.field === name)?.message,
    onChange: (value) => set({ ...draft, [name]: value }),
  });
  return (
    <form
      className="submit"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
      }}
    >
      <h1>New job</h1>
      <Field
        {...field('prompt')}
        label="Prompt"
        rows={7}
        required
        hint="What Claude Code is asked to do. Ctrl+Enter submits."
      />
      <div className="fields">
        <Field {...field('profile')} label="Profile" placeholder="default" options={useProfiles()} />
        <Field {...field('budget')} label="Budget in US dollars" placeholder="no limit" inputMode="decimal" />
        <Field {...field('url')} label="Git repository" placeholder="https://… (an empty folder without)" wide />
        <Field {...field('ref')} label="Branch, tag or commit" placeholder="the default branch" />
      </div>
      <details className="more">
        <summary>More</summary>
        <div className="fields">
          <Field {...field('model')} label="Model" placeholder="the profile’s own" />
          <Field {...field('priority')} label="Priority" placeholder="5; 1 is first, 10 is last" inputMode="numeric" />
          <Field {...field('labels')} label="Labels" placeholder="team:search env:test" wide />
        </div>
        <Field {...field('schema')} label="JSON Schema of a structured result" rows={5} mono />
      </details>
      {fault !== undefined && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <button className="button primary big" type="submit" disabled={busy}>
        {busy ? 'Submitting…' : 'Submit'}
      </button>
    </form>
  );
}

/** The profiles that there are, as far as this person may know them. */
function useProfiles(): readonly string[] {
  const { data } = usePolled('profiles', (client) => client.pools().catch(() => []), undefined);
  return (data ?? []).map(({ profile }) => profile);
}

function useSubmission() {
  const { client, report } = useApi();
  const [draft, setDraft] = useState(emptyDraft);
  // One key for each draft: what was sent twice, since the answer was lost or a button pressed twice, is one job.
  const [key, setKey] = useState(newKey);
  const [faults, setFaults] = useState<readonly DraftFault[]>([]);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const set = (next: Draft): void => {
    setDraft(next);
    setKey(newKey());
  };
  const refuse = (error: Error): void => {
    report(error);
    const told = error instanceof ApiError ? error.faults : [];
    setFaults(told.map(({ path, message }) => ({ field: fieldOf(path), message })));
    setFault(told.length === 0 ? error.message : 'The job was not submitted: see the marked fields.');
  };
  const submit = async (): Promise<void> => {
    setFault(undefined);
    setFaults([]);
    const request = toJobRequest(draft);
    if (!('prompt' in request)) {
      setFaults(request);
      return;
    }
    setBusy(true);
    try {
      const { id } = await client.submit(request, key);
      goTo(hrefOfJob(id));
    } catch (error) {
      refuse(error as Error);
    } finally {
      setBusy(false);
    }
  };
  return { draft, set, faults, fault, busy, submit };
}

/** Not `randomUUID`, which pages that came by plain HTTP do not have. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
