import type { FastifyInstance } from 'fastify';

/** For answers that are no pages: whatever a browser takes them for, nothing in them runs. */
const noPage = "default-src 'none'; frame-ancestors 'none'";
/** For our two pages: what they need of this server, and nothing from elsewhere. Both write styles into their elements. */
const page = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Links of a page to another host: styles and fonts that would tell that host who looks. */
const foreignLinks = /<link\b[^>]*\bhref="https?:[^>]*>\s*/g;

/** Tells browsers of every answer that it is what it says, in no frame, and what a page may load; takes foreign links out of pages. */
export function guardPages(server: Pick<FastifyInstance, 'addHook'>): void {
  server.addHook('onSend', (_request, reply, payload, done) => {
    const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-frame-options', 'DENY');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('content-security-policy', isPage ? page : noPage);
    done(null, isPage && typeof payload === 'string' ? payload.replaceAll(foreignLinks, '') : payload);
  });
}
