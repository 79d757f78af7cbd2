import { readSettings } from '@remuda/domain';
import { runApp } from '@remuda/runtime';
import { planApi } from './plan.js';
import { apiSettings } from './settings.js';

await runApp('api', () => planApi(readSettings(apiSettings, process.env)));
