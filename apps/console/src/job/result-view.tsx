import type { Job, JobResult } from '@remuda/client';
import type { ReactNode } from 'react';
import { usePolled } from '../api/use-polled.js';
import { count, dollars } from '../shell/amounts.js';
import { isOver } from '../shell/state-badge.js';
import { Empty, Loaded } from '../shell/states.js';
import { Prose } from './prose.js';

/** What came of a job. */
export function ResultView({ job }: { readonly job: Job }): ReactNode {
  return isOver(job.state) ? <Over job={job} /> : <Empty title="The job is not over yet" />;
}

function Over({ job: { id, times } }: { readonly job: Job }): ReactNode {
  const result = usePolled(`${id} ${times.overAt}`, (client) => client.result(id), undefined);
  return <Loaded of={result}>{(data) => <Result result={data} />}</Loaded>;
}

function Result({ result }: { readonly result: JobResult }): ReactNode {
  const { text = '', structured, warnings = [], usage } = result;
  return (
    <>
      {warnings.map((warning) => (
        <p key={warning} className="note note-warn">
          {warning}
        </p>
      ))}
      {structured !== undefined && (
        <section className="card padded">
          <h2>Structured result</h2>
          <pre tabIndex={0}>{JSON.stringify(structured, null, 2)}</pre>
        </section>
      )}
      <section className="card padded">
        {text.trim() === '' ? <p className="hint">It said nothing at its end.</p> : <Prose text={text} />}
      </section>
      {usage && (
        <section className="card padded">
          <h2>Tokens</h2>
          <dl className="row-facts">
            <Fact name="Input" value={count(usage.inputTokens)} />
            <Fact name="Read from cache" value={count(usage.cacheReadTokens)} />
            <Fact name="Written to cache" value={count(usage.cacheWriteTokens)} />
            <Fact name="Output" value={count(usage.outputTokens)} />
            {result.costUsd !== undefined && <Fact name="Cost at list prices" value={dollars(result.costUsd)} />}
          </dl>
        </section>
      )}
    </>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }): ReactNode => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
