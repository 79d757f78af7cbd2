import { Store, type StorePlace } from '@remuda/store';
import { ManualClock } from '@remuda/testing';

const quiet = { info: () => undefined, warn: () => undefined };

/** A store that says nothing; resolves once it is open. */
export async function openStore(place: StorePlace): Promise<Store> {
  const store = new Store(place, { clock: new ManualClock(), log: quiet });
  await store.opened();
  return store;
}
