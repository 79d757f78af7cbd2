import { closeOnSignal, createLogger, exitOnStartFault, systemClock } from '@remuda/runtime';
import { readEnvironment, readForwarding } from './environment.js';
import { closeGraceMs, startHostBridge } from './host-bridge.js';
import { startForward } from './tcp/forward.js';

async function main(): Promise<void> {
  const forwarding = readForwarding(process.env);
  if (forwarding) {
    const log = createLogger({ name: 'host-bridge', level: forwarding.logLevel });
    const { close } = await startForward({ ...forwarding, log });
    closeOnSignal({ logger: log, close });
    log.info({ socket: forwarding.socket, to: forwarding.to }, 'ready');
    return;
  }
  const environment = readEnvironment(process.env);
  const log = createLogger({ name: 'host-bridge', level: environment.settings.logLevel });
  if (environment.bwrap === undefined)
    log.warn(
      { user: process.getuid?.() },
      'NO SANDBOX: Claude Code runs as this user and can read everything that this user can, the model credential included',
    );
  const bridge = await startHostBridge(environment, { clock: systemClock, log });
  closeOnSignal({ logger: log, close: () => bridge.close(), graceMs: closeGraceMs + 5_000 });
  log.info(
    { adminUrl: bridge.adminUrl, tcp: bridge.tcp, claude: environment.claude, credential: environment.credential.kind },
    'ready',
  );
}

main().catch((error: unknown) => exitOnStartFault('host-bridge', error));
