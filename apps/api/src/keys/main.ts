import { readSettings } from '@remuda/domain';
import { RedisApiKeys, RedisClock, connectRedis, redisKeys } from '@remuda/redis';
import { systemClock } from '@remuda/runtime';
import { apiSettings } from '../settings.js';
import { readCommand } from './command.js';
import { runCommand } from './run-command.js';

try {
  const command = readCommand(process.argv.slice(2));
  const { redisUrl, namespace } = apiSettings;
  const settings = readSettings({ redisUrl, namespace }, process.env);
  const connection = connectRedis(settings.redisUrl, { name: 'remuda-keys' });
  try {
    // A command waits for a Redis that starts, but not for ever.
    const limit = systemClock
      .sleep(5_000)
      .then(() => Promise.reject(new Error('Redis does not answer: see REMUDA_REDIS_URL.')));
    await Promise.race([connection.ping(), limit]);
    const clock = new RedisClock(connection, systemClock);
    await clock.settled();
    const lines = await runCommand(command, new RedisApiKeys(connection, redisKeys(settings.namespace)), clock);
    for (const line of lines) console.log(line);
  } finally {
    connection.close();
  }
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
