import { Transform, type TransformCallback } from 'node:stream';
import { allowsModel } from './allowed-models.js';
import { NamedModel } from './named-model.js';

/** So much of a body is held back until it names its model, in bytes: Claude Code's begins with it. */
const maxHeldBytes = 1024 * 1024;

/** A body asks for a model that its job may not use, or does not say clearly which. */
export class ModelNotAllowed extends Error {}

/**
 * Passes a body on from where it names a model of those allowed, and `onOpen` is told then; fails with `ModelNotAllowed` for any
 * other, at the latest before its end: what has gone on by then is no whole request.
 */
export class ModelGate extends Transform {
  readonly #named = new NamedModel();
  #held: Buffer[] = [];
  #heldBytes = 0;
  #open = false;

  constructor(
    private readonly allowed: readonly string[],
    private readonly onOpen: () => void,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#named.read(chunk);
    const { name, fault } = this.#named;
    if (fault !== undefined) done(new ModelNotAllowed(`The body is not passed on: ${fault}.`));
    else if (this.#open) done(null, chunk);
    else if (name === undefined) this.#hold(chunk, done);
    else if (!allowsModel(this.allowed, name)) done(new ModelNotAllowed(`The model ${name} is not allowed.`));
    else {
      this.#open = true;
      this.onOpen();
      for (const held of this.#held) this.push(held);
      this.#held = [];
      done(null, chunk);
    }
  }

  override _flush(done: TransformCallback): void {
    done(this.#open ? null : new ModelNotAllowed('The body names no model.'));
  }

  #hold(chunk: Buffer, done: TransformCallback): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes <= maxHeldBytes) done();
    else done(new ModelNotAllowed('The body does not name its model early enough.'));
  }
}
