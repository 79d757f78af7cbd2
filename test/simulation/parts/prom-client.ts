/*
 * What stands for the package `prom-client` in a simulation, by its own names: nobody reads what is counted.
 */

class Metric {
  inc(): void {
    // Nobody reads it.
  }

  set(): void {
    // Nobody reads it.
  }

  observe(): void {
    // Nobody reads it.
  }

  remove(): void {
    // Nobody reads it.
  }
}

export class Registry extends Metric {}
export class Counter extends Metric {}
export class Gauge extends Metric {}
export class Histogram extends Metric {}
export function collectDefaultMetrics(): void {
  // Nobody reads them.
}
