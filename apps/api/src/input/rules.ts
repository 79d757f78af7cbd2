import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, Max, Min, ValidateBy } from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import { Changed } from './fields.js';

/** A whole number within limits in a query string. */
export const WholeNumber = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    Changed((value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value)),
    IsInt(),
    Min(min),
    Max(max),
  );

/** A text of so many characters. Never looks at more of it than it has to, however long it is. */
export const Characters = (min: number, max: number, options: ValidationOptions = {}): PropertyDecorator =>
  ValidateBy(
    {
      name: 'characters',
      constraints: [min, max],
      validator: {
        validate: (value) => typeof value === 'string' && value.length >= min && hasAtMost(value, max),
        defaultMessage: () => `must be a string of ${min} to ${max} characters`,
      },
    },
    options,
  );

/**
 * A text of so many of JavaScript's own units. For a limit in bytes, since each unit takes one at least in UTF-8: it is told
 * without a look at the text.
 */
export const Units = (min: number, max: number, options: ValidationOptions = {}): PropertyDecorator =>
  ValidateBy(
    {
      name: 'units',
      constraints: [min, max],
      validator: { validate: (value) => typeof value === 'string' && value.length >= min && value.length <= max },
    },
    options,
  );

/** A list of so many values, no two of them the same. */
export const Distinct = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(max),
    ValidateBy({
      name: 'distinct',
      validator: {
        // One that is too long has its fault already.
        validate: (value) => !Array.isArray(value) || value.length > max || new Set(value).size === value.length,
        defaultMessage: () => 'must not contain duplicates',
      },
    }),
  );

/** The upper bits of the first half of a surrogate pair. */
const firstOfPair = 0xd800 >> 10;

/** A character outside of the basic plane takes two of JavaScript's units. */
function hasAtMost(text: string, max: number): boolean {
  if (text.length <= max) return true;
  if (text.length > 2 * max) return false;
  let pairs = 0;
  for (let i = 0; i < text.length && text.length - pairs > max; i++)
    if (text.charCodeAt(i) >> 10 === firstOfPair) pairs++;
  return text.length - pairs <= max;
}
