import { useState, type ReactNode } from 'react';
import { duration } from '../shell/amounts.js';
import type { ToolItem } from './timeline.js';
import { fieldsOf, glanceAt } from './tool-input.js';

const words = { ok: 'returned', failed: 'failed', denied: 'denied', going: 'running' } as const;

/** A call of a tool: folded, what it was asked; unfolded, its input and output. */
export function ToolRow({ item }: { readonly item: ToolItem }): ReactNode {
  const [open, setOpen] = useState(false);
  const how = item.end?.how ?? 'going';
  return (
    <details className={`tool tool-${how}`} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="tool-sign" aria-hidden="true" />
        <span className="tool-name">{item.name}</span>
        <span className="tool-glance mono">{glanceAt(item.input)}</span>
        <span className="tool-how">
          {how === 'ok' ? '' : words[how]} {item.end && duration(item.end.at - item.at)}
        </span>
      </summary>
      {/* What nobody looks at is not rendered. */}
      {open && <ToolBody item={item} />}
    </details>
  );
}

function ToolBody({ item: { input, end } }: { readonly item: ToolItem }): ReactNode {
  return (
    <div className="tool-body">
      {fieldsOf(input).map(([name, text]) => (
        <Block key={name} name={name === '' ? 'input' : name} text={text} />
      ))}
      {end && end.output !== '' && (
        <Block name={end.truncated ? 'output, truncated' : 'output'} text={end.output} bad={end.how !== 'ok'} />
      )}
    </div>
  );
}

function Block({
  name,
  text,
  bad = false,
}: {
  readonly name: string;
  readonly text: string;
  readonly bad?: boolean;
}): ReactNode {
  return (
    <figure className={bad ? 'block bad' : 'block'}>
      <figcaption>{name}</figcaption>
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}
