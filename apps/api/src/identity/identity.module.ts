import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { ApiKeys, AuditLog, Clock, Tickets } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import { apiKeys, auditLog, clock, tickets } from '../stores.js';
import { Audit } from './audit/audit.js';
import { AuditController } from './audit/audit.controller.js';
import { Identity } from './identity.js';
import { JwtCheck } from './jwt/jwt-check.js';
import { fetchJwks } from './jwt/fetch-jwks.js';
import { KeySet } from './jwt/key-set.js';
import { KeyCheck } from './key-check.js';
import type { IdentityPlan } from './plan-identity.js';
import { RevocationWatch } from './revocation-watch.js';
import { TokenCheck } from './token-check.js';
import { TicketsController } from './tickets/tickets.controller.js';
import { TokenEnds } from './token-ends.js';

/** Who sends a request, and until when that counts. */
@Global()
@Module({})
export class IdentityModule {
  static register({ open, jwt }: IdentityPlan, log: Logger): DynamicModule {
    return {
      module: IdentityModule,
      providers: [
        {
          provide: KeyCheck,
          inject: [apiKeys, clock],
          useFactory: (keys: ApiKeys, time: Clock) => new KeyCheck(keys, time),
        },
        { provide: TokenEnds, inject: [clock], useFactory: (time: Clock) => new TokenEnds(time) },
        {
          provide: Identity,
          inject: [KeyCheck, tickets, clock],
          useFactory: (keys: KeyCheck, issued: Tickets, time: Clock) => {
            const { jwksUrl } = jwt ?? {};
            const set = jwksUrl && new KeySet(() => fetchJwks(jwksUrl), time, log);
            const jwts = jwt && new JwtCheck(jwt, set);
            return new Identity(open, new TokenCheck(keys, jwts, time), issued);
          },
        },
        {
          provide: Audit,
          inject: [auditLog, clock],
          useFactory: (entries: AuditLog, time: Clock) => new Audit(entries, time, log),
        },
        RevocationWatch,
      ],
      controllers: [AuditController, TicketsController],
      exports: [Audit, Identity, TokenEnds],
    };
  }
}
