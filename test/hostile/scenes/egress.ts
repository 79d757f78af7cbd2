import { attackWith, carryOut, idleWorker, type Stage } from '../stage.js';
import { seen, type Verdict } from '../verdict.js';

/** A job that may reach one address tries to reach others. */
export async function tryEgress(stage: Stage): Promise<readonly Verdict[]> {
  const { site, inside } = stage.sites;
  await idleWorker(stage, 'bystander');
  const done = await carryOut(stage, 'bystander', [attackWith('egress.mjs', { site: site.port, inside: inside.port })]);
  const asked = site.requests.map(({ url }) => String(url));
  const smuggled = asked.filter((url) => url.includes('smuggled')).length;
  const last = site.requests.at(-1)?.headers ?? {};
  const clean = last['host'] === `127.0.0.2:${String(site.port)}` && !('x-hidden' in last) && 'x-seen' in last;
  const told = done.events.filter((event) => event.type === 'egress.refused').length;
  return [
    ...done.verdicts,
    seen(
      'egress.smuggling',
      smuggled === 0 && clean,
      `${String(smuggled)} of ${String(asked.length)} requests were hidden`,
    ),
    seen('egress.inside', inside.requests.length === 0, `${String(inside.requests.length)} requests arrived inside`),
    seen('egress.untold', told > 5, `${String(told)} refusals are events of the job`),
  ];
}
