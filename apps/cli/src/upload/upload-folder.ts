import { SingleBar } from 'cli-progress';
import type { Session } from '../session.js';
import { size } from '../view/amounts.js';
import { packFolder } from './packed-folder.js';

/**
 * Sends the files of a folder, and resolves with the id of the upload. Interrupted, or given up because the api was away, the same
 * command goes on where it was.
 */
export async function uploadFolder(session: Session, folder: string): Promise<string> {
  await using packed = await packFolder(folder);
  const { files, bytes, leftOut } = packed;
  const say = session.json ? () => undefined : session.say;
  if (leftOut.length > 0)
    session.say(`! ${String(leftOut.length)} links or devices are not sent: ${leftOut.slice(0, 3).join(', ')}…`);
  say(session.paint.dim(`· sends ${String(files)} files, ${size(bytes)} packed`));
  const bar = session.json || session.columns === undefined ? undefined : barOf(bytes);
  try {
    const { id } = await session.client.files.upload(packed, {
      signal: session.leaving,
      onProgress: (received) => bar?.update(received, { sent: size(received) }),
      onRetry: (error) => say(session.paint.yellow(`! ${error.message} Trying again.`)),
    });
    return id;
  } catch (error) {
    if (session.leaving.aborted) session.say('What has arrived is kept for a day; the same command goes on there.');
    throw error;
  } finally {
    bar?.stop();
  }
}

function barOf(bytes: number): SingleBar {
  const bar = new SingleBar({ format: `{bar} {sent} of ${size(bytes)}`, hideCursor: true, barsize: 30 });
  bar.start(bytes, 0, { sent: size(0) });
  return bar;
}
