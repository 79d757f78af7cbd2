import { RemudaError, type Clock, type ContainerRuntime, type Profile } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';

/** Dependencies of providing the images. */
export interface ImagesParts {
  readonly runtime: Pick<ContainerRuntime, 'prepare' | 'releaseOf'>;
  readonly profiles: readonly Pick<Profile, 'name' | 'image'>[];
  /** Suspends a profile whose image is not available, with a sentence that says why. */
  readonly suspend: (profile: string, reason: string) => Promise<void>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
}

/** Pause before a runtime that did not answer is asked again, in ms: doubles from the first to the longest. */
const firstPauseMs = 500;
const longestPauseMs = 5_000;

const isUnavailable = (error: unknown): boolean => error instanceof RemudaError && error.code === 'runtime.unavailable';

/**
 * The images of the profiles' workers, and what their names currently refer to. A missing one affects only its own
 * profiles.
 */
export class Images {
  readonly #absent = new Set<string>();
  readonly #releases = new Map<string, string>();

  constructor(private readonly parts: ImagesParts) {}

  /**
   * Checks that the runtime can be used, and rejects with `container.start_failed` if it cannot; waits for one that does
   * not answer yet. Then provides each image, or suspends its profiles.
   */
  async provide(): Promise<void> {
    await this.#untilAnswered();
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

  /** An API server may be away for minutes: whoever left for that would come back late, after its pauses between restarts. */
  async #untilAnswered(): Promise<void> {
    const { runtime, clock, log } = this.parts;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await runtime.prepare([]);
        return;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        log.warn({ err: error, pauseMs }, 'the container runtime does not answer: waiting for it');
        await clock.sleep(pauseMs);
      }
    }
  }

  async #get(image: string): Promise<void> {
    const { runtime, log } = this.parts;
    try {
      await runtime.prepare([image]);
      if (this.#absent.delete(image)) log.info({ image }, 'a missing image is available now');
    } catch (error) {
      // nothing is known of the image then
      if (!(error instanceof RemudaError) || isUnavailable(error)) throw error;
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
