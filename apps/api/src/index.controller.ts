import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { readConsolePage } from './console/console.js';
import { Needs } from './identity/needs.js';

/** The addresses of the api, without a leading slash: they also work behind a proxy's path prefix. */
const places = {
  documentation: 'api/docs',
  openapi: 'api/docs-json',
  jobs: 'api/v1/jobs',
  pools: 'api/v1/pools',
  board: 'admin/queues',
  health: 'health/ready',
  metrics: 'metrics',
} as const;

/** Answers the root: a browser gets the console, a program the addresses. */
@ApiExcludeController()
@Controller()
export class IndexController {
  private readonly page = readConsolePage();

  @Get('/')
  @Needs('nothing')
  root(@Headers('accept') accept: string | undefined, @Res() reply: FastifyReply): void {
    if (this.page === undefined || !asksForPage(accept)) {
      this.index(accept, reply);
      return;
    }
    // The page names the files of its build: an older one must not be used.
    void reply.header('vary', 'accept').header('cache-control', 'no-cache');
    void reply.type('text/html; charset=utf-8').send(this.page);
  }

  @Get('api')
  @Needs('nothing')
  index(@Headers('accept') accept: string | undefined, @Res() reply: FastifyReply): void {
    void reply.header('vary', 'accept');
    if (asksForPage(accept)) void reply.redirect(places.documentation, 302);
    else void reply.send({ service: 'remuda', places });
  }
}

const asksForPage = (accept: string | undefined): boolean => /\btext\/html\b/i.test(accept ?? '');
