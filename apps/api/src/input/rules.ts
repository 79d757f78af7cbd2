import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, ValidateBy } from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import { Changed } from './fields.js';

/*
 * The rules of fields. Each is one rule of class-validator, which takes its time for every one, and tells the API's document what it asks
 * for: so what a field may be stands in one place.
 */

/** A whole number within limits. */
export const Integer = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name: 'integer',
      validator: {
        validate: (value) => Number.isInteger(value) && isWithin(value as number, min, max),
        defaultMessage: () => `must be an integer from ${min} to ${max}`,
      },
    }),
    ApiProperty({ type: 'integer', minimum: min, maximum: max }),
  );

/** The same in a query string. */
export const IntegerText = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    Changed((value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value)),
    Integer(min, max),
  );

/** An amount of money greater than 0: at least a millionth. */
export const Amount = (max: number): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name: 'amount',
      validator: {
        validate: (value) => typeof value === 'number' && isWithin(value, 0.000_001, max),
        defaultMessage: () => `must be a number greater than 0, and at most ${max}`,
      },
    }),
    ApiProperty({ type: 'number', exclusiveMinimum: 0, maximum: max } as object),
  );

/** Names, or values by name; what they may be is checked elsewhere. */
export const NamesOrValues = (): PropertyDecorator =>
  ValidateBy({
    name: 'namesOrValues',
    validator: {
      validate: (value) => typeof value === 'object' && value !== null,
      defaultMessage: () => 'must be an array of names, or an object of values by name',
    },
  });

/** Names only; each is checked by the rules of a job. */
export const Names = (): PropertyDecorator =>
  ValidateBy({
    name: 'names',
    validator: { validate: Array.isArray, defaultMessage: () => 'must be an array of names' },
  });

/** One of several words. */
export const OneOf = (words: readonly string[]): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name: 'oneOf',
      validator: {
        validate: (value) => words.includes(value as string),
        defaultMessage: () => `must be one of ${words.join(', ')}`,
      },
    }),
    ApiProperty({ enum: [...words] }),
  );

/** A string in a certain format, which the message names. */
export const Form = (form: RegExp, message: string): PropertyDecorator =>
  applyDecorators(
    ValidateBy(
      { name: 'form', validator: { validate: (value) => typeof value === 'string' && form.test(value) } },
      { message },
    ),
    ApiProperty({ pattern: form.source }),
  );

/** A string of limited length. Examines no more of it than necessary. */
export const Characters = (min: number, max: number, options: ValidationOptions = {}): PropertyDecorator =>
  applyDecorators(
    ValidateBy(
      {
        name: 'characters',
        validator: {
          validate: (value) => typeof value === 'string' && value.length >= min && hasAtMost(value, max),
          defaultMessage: () => `must be a string of ${min} to ${max} characters`,
        },
      },
      options,
    ),
    // A list's own description says nothing about its elements.
    options.each ? ApiProperty() : ApiProperty({ ...(min > 0 ? { minLength: min } : {}), maxLength: max }),
  );

/**
 * A string that is not empty, with a limit on its bytes. Each UTF-16 unit takes at least one byte in UTF-8, so counting
 * the units needs no look at the text.
 */
export const Filled = (maxBytes: number): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name: 'filled',
      validator: {
        validate: (value) => typeof value === 'string' && isWithin(value.length, 1, maxBytes),
        defaultMessage: () => `must have 1 character to ${maxBytes} bytes`,
      },
    }),
    ApiProperty({ minLength: 1 }),
  );

/** A list of strings, with limits on its length and theirs. */
export const Strings = (most: number, maxChars: number): PropertyDecorator =>
  applyDecorators(
    IsArray(),
    ArrayMaxSize(most),
    Characters(1, maxChars, { each: true, message: `must be strings of 1 to ${maxChars} characters` }),
    ApiProperty({ type: [String], maxItems: most }),
  );

/** A list of several words, each once; at least one. */
export const SomeOf = (words: readonly string[]): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name: 'someOf',
      validator: {
        validate: (value) =>
          Array.isArray(value) &&
          isWithin(value.length, 1, words.length) &&
          new Set(value).size === value.length &&
          value.every((each) => words.includes(each as string)),
        defaultMessage: () => `must be a list of one or more of ${words.join(', ')}, each once`,
      },
    }),
    ApiProperty({ enum: [...words], isArray: true, minItems: 1, maxItems: words.length, uniqueItems: true }),
  );

/** A list of strings without duplicates. */
export const Distinct = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(max),
    ValidateBy({
      name: 'distinct',
      validator: {
        // A list that is too long already has its fault.
        validate: (value) => !Array.isArray(value) || value.length > max || new Set(value).size === value.length,
        defaultMessage: () => 'must not contain duplicates',
      },
    }),
    ApiProperty({ type: [String], minItems: min, maxItems: max, uniqueItems: true }),
  );

const isWithin = (value: number, min: number, max: number): boolean => value >= min && value <= max;

/** The upper bits of a high surrogate. */
const firstOfPair = 0xd800 >> 10;

/** A character outside the basic plane takes two UTF-16 units. */
function hasAtMost(text: string, max: number): boolean {
  if (text.length <= max) return true;
  if (text.length > 2 * max) return false;
  let pairs = 0;
  for (let i = 0; i < text.length && text.length - pairs > max; i++)
    if (text.charCodeAt(i) >> 10 === firstOfPair) pairs++;
  return text.length - pairs <= max;
}
