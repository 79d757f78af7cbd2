import { translateRedisError } from '../connection/redis-error.js';

/** The same, with our own code for an error of Redis. */
export async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
