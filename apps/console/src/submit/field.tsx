import { useId, type ReactNode } from 'react';

/** A field of a form, with its label and what is wrong with it. */
export interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly fault: string | undefined;
  readonly hint?: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  /** Lines, where it is more than one. */
  readonly rows?: number;
  readonly mono?: boolean;
  readonly wide?: boolean;
  readonly inputMode?: 'decimal' | 'numeric';
  /** What is offered; anything else may be typed. */
  readonly options?: readonly string[];
}

export function Field(props: FieldProps): ReactNode {
  const { label, value, onChange, fault, hint, placeholder, required = false, rows, options = [] } = props;
  const id = useId();
  const shared = {
    id,
    name: props.name,
    value,
    placeholder,
    required,
    spellCheck: rows !== undefined && props.mono !== true,
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${id}-hint`,
    onChange: (event: { readonly target: { readonly value: string } }) => onChange(event.target.value),
  };
  return (
    <div className={`field ${props.wide ? 'wide' : ''}`}>
      <label htmlFor={id}>{label}</label>
      {rows === undefined ? (
        <input
          {...shared}
          inputMode={props.inputMode}
          autoComplete="off"
          list={options.length > 0 ? `${id}-list` : undefined}
        />
      ) : (
        <textarea {...shared} rows={rows} className={props.mono ? 'mono' : undefined} />
      )}
      {options.length > 0 && (
        <datalist id={`${id}-list`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      <span id={`${id}-hint`} className={fault === undefined ? 'hint' : 'fault-text'}>
        {fault ?? hint}
      </span>
    </div>
  );
}
