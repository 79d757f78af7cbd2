// What the events are measured against: each goes by one XADD of its own, from as many connections as there are jobs.
import { connectRaw } from '@remuda/redis/testing';
import { serve } from '../parts/member.js';
import { eventText, talk, type Talk } from './talk.js';

const [url = ''] = process.argv.slice(2);
const maxEntries = 10_000;

serve(async ({ jobs, talk: plan }: { readonly jobs: number; readonly talk: Talk }) => {
  const links = Array.from({ length: jobs }, (_, i) => connectRaw(url, { name: `each-${i}` }));
  await Promise.all(links.map((link) => link.ping()));
  await Promise.all(
    links.map(async (link, i) => {
      const sent: Promise<unknown>[] = [];
      await talk(plan, (n) => {
        const event = { type: 'message.delta', at: Date.now(), data: { text: eventText(n) } };
        sent.push(link.xadd(`each:${i}`, 'MAXLEN', '~', maxEntries, '*', 'd', JSON.stringify(event)));
      });
      await Promise.all(sent);
    }),
  );
  for (const link of links) link.disconnect();
});
