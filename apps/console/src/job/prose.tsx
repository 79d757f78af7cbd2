import { memo, type ReactNode } from 'react';
import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

const plugins = [remarkGfm];

/**
 * What a model writes, as Markdown. HTML in it is text. Links lead out only when a person follows them, and pictures,
 * which would be loaded from elsewhere, are links.
 */
const components: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === 'string' ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt === undefined || alt === '' ? 'picture' : alt}
    </a>
  ),
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  // The headings of the page are its own.
  h1: 'h3',
  h2: 'h3',
  h3: 'h4',
  h4: 'h5',
};

/** Longer texts are shown as they are: to take them apart would hold the page up. */
const longest = 50_000;

export const Prose = memo(function Prose({ text }: { readonly text: string }): ReactNode {
  if (text.length > longest) return <p className="draft">{text}</p>;
  return (
    <div className="prose">
      <Markdown remarkPlugins={plugins} components={components}>
        {text}
      </Markdown>
    </div>
  );
});
