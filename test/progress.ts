import { DefaultReporter, type TestModule } from 'vitest/node';

/** Vitest's own reporter, with a line after each file that says how many of them are over, and after what time. */
export default class ProgressReporter extends DefaultReporter {
  #over = 0;
  #began = performance.now();
  #files = 0;

  override onTestRunStart(specifications: Parameters<DefaultReporter['onTestRunStart']>[0]): void {
    this.#began = performance.now();
    this.#files = specifications.length;
    super.onTestRunStart(specifications);
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module);
    this.#over++;
    const seconds = Math.round((performance.now() - this.#began) / 1_000);
    const time = `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
    if (!this.isTTY) this.log(`   ${String(this.#over)} of ${String(this.#files)} files, ${time} min`);
  }
}
