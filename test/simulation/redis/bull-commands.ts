import type { Command, Database } from './database.js';

/**
 * BullMQ's own steps, each of which it takes as one Lua script: after bullmq 6.7's `addPrioritizedJob`, `extendLocks`,
 * `moveToFinished`, `moveJobFromActiveToWait`, `removeJob` and `moveStalledJobsToWait`.
 * The first argument is the queue's key. Left out: events, metrics, parents, rate limits, pausing.
 */
export const bullCommands: Readonly<Record<string, Command>> = {
  'bull.add': (db, [queue, id, priority, delay, at, data]) => {
    const job = `${queue!}:${id!}`;
    if (db.exists(job)) return 0;
    db.setField(job, 'data', data!);
    db.setField(job, 'priority', priority!);
    db.setField(job, 'timestamp', at!);
    if (Number(delay) > 0) db.sorted(`${queue!}:delayed`).set(id!, (Number(at) + Number(delay)) * delayedScale);
    else line(db, queue!, id!);
    return 1;
  },
  'bull.extend': (db, [queue, ms, ...held]) => {
    const failed: string[] = [];
    for (let i = 0; i + 1 < held.length; i += 2) {
      const key = `${queue!}:${held[i]!}:lock`;
      if (db.text(key) !== held[i + 1]) failed.push(held[i]!);
      else {
        db.setText(key, held[i + 1]!, Number(ms));
        db.set(`${queue!}:stalled`).delete(held[i]!);
      }
    }
    return failed;
  },
  'bull.finish': (db, [queue, id, lock]) => {
    unlock(db, queue!, id!, lock!);
    db.setField(`${queue!}:${id!}`, 'finishedOn', String(db.now()));
    return 1;
  },
  'bull.toWait': (db, [queue, id, lock]) => {
    unlock(db, queue!, id!, lock!);
    const priority = priorityOf(db, queue!, id!);
    if (priority > 0) db.sorted(`${queue!}:prioritized`).set(id!, priority * priorityScale);
    else db.list(`${queue!}:wait`).push(id!);
    sign(db, queue!);
    return 0;
  },
  'bull.remove': (db, [queue, id]) => {
    if (db.exists(`${queue!}:${id!}:lock`)) return 0;
    for (const place of ['wait', 'active']) drop(db.list(`${queue!}:${place}`), id!);
    for (const place of ['prioritized', 'delayed']) db.sorted(`${queue!}:${place}`).delete(id!);
    db.delete(`${queue!}:${id!}`);
    return 1;
  },
  'bull.stalled': (db, [queue, everyMs]) => {
    const check = `${queue!}:stalled-check`;
    if (db.exists(check)) return [];
    db.setText(check, '1', Number(everyMs));
    const stalled = [...db.set(`${queue!}:stalled`)].filter((id) => !db.exists(`${queue!}:${id}:lock`));
    const moved = stalled.filter((id) => drop(db.list(`${queue!}:active`), id));
    db.list(`${queue!}:wait`).push(...moved);
    if (moved.length > 0) sign(db, queue!);
    db.delete(`${queue!}:stalled`);
    for (const id of db.list(`${queue!}:active`)) db.set(`${queue!}:stalled`).add(id);
    return moved;
  },
  'bull.counts': (db, [queue]) => [
    db.list(`${queue!}:wait`).length,
    db.sorted(`${queue!}:prioritized`).size,
    db.list(`${queue!}:active`).length,
    db.sorted(`${queue!}:delayed`).size,
  ],
  'bull.obliterate': (db, [queue]) => {
    const ids = ['wait', 'active'].flatMap((place) => db.list(`${queue!}:${place}`));
    for (const id of ids) for (const key of [id, `${id}:lock`]) db.delete(`${queue!}:${key}`);
    for (const place of ['wait', 'active', 'prioritized', 'delayed', 'marker', 'pc', 'stalled', 'stalled-check'])
      db.delete(`${queue!}:${place}`);
    return 1;
  },
};

const delayedScale = 0x1000;
const priorityScale = 0x1_0000_0000;

const priorityOf = (db: Database, queue: string, id: string): number =>
  Number(db.hash(`${queue}:${id}`)?.get('priority') ?? 0);

/** Puts a job behind those of its priority; without one behind all that wait. */
function line(db: Database, queue: string, id: string): void {
  const priority = priorityOf(db, queue, id);
  if (priority === 0) db.list(`${queue}:wait`).unshift(id);
  else {
    const counter = Number(db.text(`${queue}:pc`) ?? 0) + 1;
    db.setText(`${queue}:pc`, String(counter));
    db.sorted(`${queue}:prioritized`).set(id, priority * priorityScale + counter);
  }
  sign(db, queue);
}

function sign(db: Database, queue: string): void {
  db.sorted(`${queue}:marker`).set('0', 0);
  db.touched.add(`${queue}:marker`);
}

function unlock(db: Database, queue: string, id: string, lock: string): void {
  const key = `${queue}:${id}:lock`;
  if (!db.exists(`${queue}:${id}`)) throw bullError(-1, `Missing key for job ${id}`);
  const owner = db.text(key);
  if (owner !== lock)
    throw owner === undefined ? bullError(-2, `Missing lock for job ${id}`) : bullError(-6, `Lock mismatch for ${id}`);
  db.delete(key);
  db.set(`${queue}:stalled`).delete(id);
  if (!drop(db.list(`${queue}:active`), id)) throw bullError(-3, `Job ${id} is not in the active state`);
}

function drop(list: string[], id: string): boolean {
  const at = list.indexOf(id);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

/** A refusal as BullMQ gives it: with its code. */
function bullError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code });
}
