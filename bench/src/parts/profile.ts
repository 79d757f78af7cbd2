import type { Profile } from '@remuda/domain';
import { defaultProfile } from '../../../apps/scheduler/dist/profiles/profiles.js';

/** The profile of workers that never need to be replaced, so many of them. */
export function profileOf(workers: number): Profile {
  const profile = defaultProfile('default', { image: 'none', warm: workers, max: workers });
  return { ...profile, recycle: { ...profile.recycle, afterJobs: 1_000_000 } };
}
