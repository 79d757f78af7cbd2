import type { FastifyInstance } from 'fastify';

/** For answers that are not pages: whatever a browser takes them for, nothing in them runs. */
const noPage = "default-src 'none'; frame-ancestors 'none'";
/** For the console: its own files and the api, nothing inline, and no text of others becomes markup. */
const consolePage = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
/** For the pages of the board and the documentation: they load only from this server. Both set inline styles. */
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

/** Links of a page to other hosts: styles and fonts that would reveal the visitor to that host. */
const foreignLinks = /<link\b[^>]*\bhref="https?:[^>]*>\s*/g;

/**
 * Sets security headers on every answer (no sniffing, no framing, a content policy), and removes external links from
 * pages.
 */
export function guardPages(server: Pick<FastifyInstance, 'addHook'>): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-frame-options', 'DENY');
    reply.header('referrer-policy', 'no-referrer');
    const ofPage = request.routeOptions.url === '/' ? consolePage : page;
    reply.header('content-security-policy', isPage ? ofPage : noPage);
    done(null, isPage && typeof payload === 'string' ? payload.replaceAll(foreignLinks, '') : payload);
  });
}
