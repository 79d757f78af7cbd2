import { whenParentGone } from './parent-gone.js';

/**
 * Preloaded into an app (`node --import`): if the app's parent process is gone for any reason, the app is told to stop.
 */
whenParentGone(() => process.kill(process.pid, 'SIGTERM'));
