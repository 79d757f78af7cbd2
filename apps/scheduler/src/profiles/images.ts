import { RemudaError, type ContainerRuntime, type Profile } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';

/** Dependencies of providing the images. */
export interface ImagesParts {
  readonly runtime: Pick<ContainerRuntime, 'prepare' | 'releaseOf'>;
  readonly profiles: readonly Pick<Profile, 'name' | 'image'>[];
  /** Suspends a profile whose image is not available, with a sentence that says why. */
  readonly suspend: (profile: string, reason: string) => Promise<void>;
  readonly log: Pick<Logger, 'error' | 'info'>;
}

/**
 * The images of the profiles' workers, and what their names currently refer to. A missing one affects only its own
 * profiles.
 */
export class Images {
  readonly #absent = new Set<string>();
  readonly #releases = new Map<string, string>();

  constructor(private readonly parts: ImagesParts) {}

  /**
   * Checks that the runtime answers, and rejects with `container.start_failed` if it does not; then provides each
   * image, or suspends its profiles.
   */
  async provide(): Promise<void> {
    await this.parts.runtime.prepare([]);
    await Promise.all(this.#all().map((image) => this.#get(image)));
    await this.follow();
  }

  /** Checks what the names of the images currently refer to. Asks only the engine, and pulls nothing. */
  async follow(): Promise<void> {
    await Promise.all(this.#all().map((image) => this.lookAt(image)));
  }

  /** What an image's name currently refers to; the last known value if that cannot be determined. */
  async lookAt(image: string): Promise<string | undefined> {
    const before = this.#releases.get(image);
    const release = await this.parts.runtime.releaseOf(image).catch(() => before);
    if (release === undefined || release === before) return before;
    this.#releases.set(image, release);
    if (before !== undefined)
      this.parts.log.info({ image, release, before }, 'an image was replaced: idle workers with the older one leave');
    return release;
  }

  /** What an image's name referred to at the last check; undefined if it was never known. */
  releaseOf(image: string): string | undefined {
    return this.#releases.get(image);
  }

  /** Retries missing images. A profile is no longer suspended once one of its workers becomes ready. */
  async look(): Promise<void> {
    await Promise.all([...this.#absent].map((image) => this.#get(image)));
  }

  #all(): readonly string[] {
    return [...new Set(this.parts.profiles.map(({ image }) => image))];
  }

  async #get(image: string): Promise<void> {
    const { runtime, log } = this.parts;
    try {
      await runtime.prepare([image]);
      if (this.#absent.delete(image)) log.info({ image }, 'a missing image is available now');
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
