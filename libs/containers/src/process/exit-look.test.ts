import type { ContainerExit } from '@remuda/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { ExitLook, type SeenProcess } from './exit-look.js';

describe('ExitLook', () => {
  let seen: SeenProcess[];
  let told: string[];
  let look: ExitLook;

  const process = (worker: string, own: Partial<SeenProcess> = {}): SeenProcess => ({
    worker,
    pid: 1,
    key: worker,
    lives: true,
    stopping: false,
    ...own,
  });
  const exitOf = ({ worker }: SeenProcess): ContainerExit => ({
    worker,
    reason: '',
    outOfMemory: false,
    lastLines: [],
  });

  beforeEach(() => {
    seen = [];
    told = [];
    look = new ExitLook({
      see: () => Promise.resolve(seen),
      describe: (one) => Promise.resolve(exitOf(one)),
      onExit: (exit) => told.push(exit.worker),
    });
  });

  it('tells once of one that lived and lives no more', async () => {
    seen = [process('a'), process('b')];
    await look.open();
    seen = [process('a', { lives: false }), process('b')];
    await look.look();
    await look.look();
    expect(told).toEqual(['a']);
  });

  it('tells of one that came and went between two looks', async () => {
    await look.open();
    seen = [process('a', { lives: false })];
    await look.look();
    expect(told).toEqual(['a']);
  });

  it('tells again when another process of that name ends', async () => {
    await look.open();
    seen = [process('a', { lives: false, key: 'a 1' })];
    await look.look();
    seen = [process('a', { lives: false, key: 'a 2' })];
    await look.look();
    expect(told).toEqual(['a', 'a']);
  });

  it('is silent about those that had ended before, and those that are being stopped', async () => {
    seen = [process('a', { lives: false })];
    await look.open();
    seen = [...seen, process('b', { lives: false, stopping: true })];
    await look.look();
    expect(told).toEqual([]);
  });

  it('tells nothing once it is closed', async () => {
    await look.open();
    seen = [process('a', { lives: false })];
    const looking = look.look();
    await Promise.all([look.close(), looking]);
    await look.look();
    expect(told).toEqual([]);
  });
});
