/**
 * The program of the thread that has PGlite: it computes for as long as a statement takes, and other work of the
 * process must not wait for that. It answers each `{ nth, text, values }` with `{ nth, rows, count }` or `{ nth, error }`,
 * and `{ nth, close }` when everything is written. JavaScript as text, so that it runs with and without a build.
 */
export const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { PGlite } = require(workerData.library);
const parsers = { 20: Number, 1082: (text) => text };
const opened = PGlite.create({ dataDir: workerData.folder, parsers });
opened.catch(() => undefined);

async function answer({ text, values, close }) {
  const db = await opened;
  if (close) return await db.close(), {};
  const { rows, affectedRows } = await db.query(text, values);
  return { rows, count: affectedRows ?? 0 };
}

function described(error) {
  const { message, code } = error ?? {};
  return { message: String(message ?? error), code };
}

let line = Promise.resolve();
parentPort.on('message', (asked) => {
  line = line.then(async () => {
    const answered = await answer(asked).catch((error) => ({ error: described(error) }));
    parentPort.postMessage({ nth: asked.nth, ...answered });
  });
});
`;
