import { whenParentGone } from './parent-gone.js';

/**
 * Loaded before an app (`node --import`): when the process that started the app is gone, however it went, the app is
 * asked to go as well.
 */
whenParentGone(() => process.kill(process.pid, 'SIGTERM'));
