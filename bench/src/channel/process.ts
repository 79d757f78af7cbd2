import { NamedPipeChannel } from '@remuda/channel';
import { systemClock } from '@remuda/runtime';

/** A worker at the other end of the pipes: says back what it is told, and of a large message how large it was. */
const [folder = ''] = process.argv.slice(2);
const worker = await NamedPipeChannel.worker({ folder, name: 'bench', clock: systemClock });
process.stdout.write('ready\n');
for await (const arrived of worker.arrivals()) {
  if (arrived.kind === 'invalid') throw new Error(arrived.reason);
  if (arrived.value === 'end') break;
  const { value } = arrived;
  await worker.send(typeof value === 'string' && value.length > 100_000 ? value.length : value);
}
await worker.close();
