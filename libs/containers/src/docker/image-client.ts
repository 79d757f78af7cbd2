import type Docker from 'dockerode';
import type { RuntimeLog } from '../runtime-log.js';
import { said, startFailed } from '../start-failed.js';
import { statusOf } from './engine-fault.js';

/** Images on the engine. */
export class ImageClient {
  constructor(
    private readonly docker: Docker,
    private readonly log: RuntimeLog,
  ) {}

  /** Provides the image: pulls it if it is missing. Rejects with `container.start_failed`. */
  async ensure(image: string): Promise<void> {
    if (await this.#has(image)) return;
    this.log.info({ image }, 'pulling an image');
    try {
      await this.#pull(image);
    } catch (error) {
      throw startFailed(`${imageMissing(image)} Pulling it failed: ${said(error)}`, error);
    }
    this.log.info({ image }, 'pulled an image');
  }

  /** The id that the image's name currently refers to. Rejects with `container.start_failed` if there is none. */
  async idOf(image: string): Promise<string> {
    try {
      const { Id } = await this.docker.getImage(image).inspect();
      return Id;
    } catch (error) {
      if (statusOf(error) === 404) throw startFailed(imageMissing(image), error);
      throw startFailed(`The Docker engine does not say what the image ${image} is: ${said(error)}`, error);
    }
  }

  async #has(image: string): Promise<boolean> {
    try {
      await this.docker.getImage(image).inspect();
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  async #pull(image: string): Promise<void> {
    const progress = await this.docker.pull(image);
    await new Promise<void>((resolve, reject) => {
      this.docker.modem.followProgress(progress, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}

/** Message that the image is missing, with the cure. */
export function imageMissing(image: string): string {
  return `The image ${image} is not on the Docker engine. Build the worker's image with "node docker/build.mjs worker", or get it with "docker pull ${image}".`;
}
