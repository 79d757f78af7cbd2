/** What a class describes for the API's document, as plain data: no instance of it is ever made. */
export type Shape<T> = T extends readonly (infer E)[]
  ? readonly Shape<E>[]
  : T extends object
    ? { [K in keyof T]: Shape<T[K]> }
    : T;
