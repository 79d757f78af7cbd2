import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { scrapeConfig } from './scrape-config.js';

test('Prometheus is told where each app has its figures', () => {
  const config = scrapeConfig({
    apiUrl: 'http://127.0.0.1:7373',
    schedulerUrl: 'http://127.0.0.1:7374',
    bridgeUrl: 'http://127.0.0.1:7073',
  });
  expect(parse(config)).toEqual({
    scrape_configs: [
      {
        job_name: 'remuda',
        static_configs: [{ targets: ['127.0.0.1:7373', '127.0.0.1:7374', '127.0.0.1:7073'] }],
      },
    ],
  });
});
