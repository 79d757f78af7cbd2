import type { Session, TurnRequest } from '@remuda/client';
import { useId, useState, type ReactNode } from 'react';
import { useSteering } from './use-steering.js';

const newKey = (): string => crypto.randomUUID();

/** A field for the next turn. While one is under way, it waits for that, interrupts it, or is said to it. */
export function Composer({ session, onSent }: { readonly session: Session; readonly onSent: () => void }): ReactNode {
  const id = useId();
  const [prompt, setPrompt] = useState('');
  // What was sent twice, since the answer was lost or a button pressed twice, is one turn.
  const [key, setKey] = useState(newKey);
  const { busy, fault, steer } = useSteering(onSent);
  const isBusy = session.state === 'running' || session.waiting.length > 0;
  const send = async (mode: NonNullable<TurnRequest['mode']>): Promise<void> => {
    if (!/\S/.test(prompt) || busy) return;
    if (await steer((client) => client.sessions.send(session.id, { prompt, mode }, key))) {
      setPrompt('');
      setKey(newKey());
    }
  };
  const usual = isBusy && session.concurrent === 'refuse' ? 'interrupt' : 'queue';
  return (
    <form
      className="composer card padded"
      onSubmit={(event) => {
        event.preventDefault();
        void send(usual);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
      }}
    >
      <label htmlFor={id}>Next turn</label>
      <textarea
        id={id}
        rows={3}
        value={prompt}
        placeholder="What Claude Code is asked to do next. Ctrl+Enter sends."
        onChange={(event) => {
          setPrompt(event.target.value);
          setKey(newKey());
        }}
      />
      {fault !== undefined && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <div className="composer-end">
        {usual === 'queue' && (
          <button className="button primary" type="submit" disabled={busy || prompt.trim() === ''}>
            {isBusy ? 'Send after this turn' : 'Send'}
          </button>
        )}
        {isBusy && (
          <button
            className="button"
            type={usual === 'interrupt' ? 'submit' : 'button'}
            disabled={busy || prompt.trim() === ''}
            onClick={usual === 'interrupt' ? undefined : () => void send('interrupt')}
          >
            Interrupt and send
          </button>
        )}
        {isBusy && (
          <button
            className="button"
            type="button"
            disabled={busy || prompt.trim() === ''}
            onClick={() => void send('steer')}
          >
            Say it now
          </button>
        )}
      </div>
    </form>
  );
}
