import { Gauge, type Registry } from 'prom-client';
import { mostWaiting, type TenantJobs } from '@remuda/domain';

/** So many tenants have figures of their own. */
const mostNamed = 20;

/**
 * The gauge of the tenants' jobs: of those with the most waiting ones, and of all others together as `*`. While Redis
 * does not answer there is none. With several schedulers, use `max by`.
 */
export function tenantGauges(registry: Registry, tenants: () => Promise<readonly TenantJobs[]>): void {
  new Gauge({
    name: 'remuda_tenant_jobs',
    help: 'Jobs of the 20 tenants with the most waiting ones, and of all others as *.',
    labelNames: ['tenant', 'state'],
    registers: [registry],
    async collect() {
      const seen = await tenants().catch((): readonly TenantJobs[] => []);
      this.reset();
      for (const { tenant, waiting, running } of mostWaiting(seen, mostNamed)) {
        this.set({ tenant, state: 'waiting' }, waiting);
        this.set({ tenant, state: 'running' }, running);
      }
    },
  });
}
