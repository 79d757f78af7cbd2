/** What a check found. `cure` says what to do where it is not well; `ok: undefined` is only worth knowing. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean | undefined;
  readonly detail: string;
  readonly cure?: string;
}

/** Found to be well. */
export const well = (check: string, detail: string): Finding => ({ check, ok: true, detail });
/** Found not to be. */
export const ill = (check: string, detail: string, cure: string): Finding => ({ check, ok: false, detail, cure });
/** Worth knowing. */
export const note = (check: string, detail: string, cure?: string): Finding => ({
  ...{ check, ok: undefined, detail },
  ...(cure === undefined ? {} : { cure }),
});
