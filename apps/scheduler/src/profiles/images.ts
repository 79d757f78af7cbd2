import { RemudaError, type ContainerRuntime, type Profile } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';

/** What providing the images touches. */
export interface ImagesParts {
  readonly runtime: Pick<ContainerRuntime, 'prepare'>;
  readonly profiles: readonly Pick<Profile, 'name' | 'image'>[];
  /** Suspends a profile whose image can't be had, with a sentence that says why. */
  readonly suspend: (profile: string, reason: string) => Promise<void>;
  readonly log: Pick<Logger, 'error' | 'info'>;
}

/** The images that the profiles' workers are made from. One that can't be had costs its own profiles their workers, and no other. */
export class Images {
  readonly #absent = new Set<string>();

  constructor(private readonly parts: ImagesParts) {}

  /** Checks that the runtime answers, and rejects with `container.start_failed` where it does not; then gets each image, or suspends its profiles. */
  async provide(): Promise<void> {
    const { runtime, profiles } = this.parts;
    await runtime.prepare([]);
    await Promise.all([...new Set(profiles.map(({ image }) => image))].map((image) => this.#get(image)));
  }

  /** Tries again for those that could not be had. A profile is no longer suspended once a worker of it becomes ready. */
  async look(): Promise<void> {
    await Promise.all([...this.#absent].map((image) => this.#get(image)));
  }

  async #get(image: string): Promise<void> {
    const { runtime, log } = this.parts;
    try {
      await runtime.prepare([image]);
      if (this.#absent.delete(image)) log.info({ image }, 'an image is there that was missing');
    } catch (error) {
      if (!(error instanceof RemudaError)) throw error;
      if (!this.#absent.has(image)) await this.#miss(image, error);
    }
  }

  async #miss(image: string, error: RemudaError): Promise<void> {
    const { profiles, suspend, log } = this.parts;
    this.#absent.add(image);
    const theirs = profiles.filter((profile) => profile.image === image).map(({ name }) => name);
    log.error({ err: error, image, profiles: theirs }, `an image is missing: ${error.message}`);
    for (const profile of theirs) await suspend(profile, error.message);
  }
}
