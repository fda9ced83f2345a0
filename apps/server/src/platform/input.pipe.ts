import { Injectable, type PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { parseInput } from './problem.js';

/** `@Body(input(Schema, 'body'))`: what the handler gets has been read by its schema; a refusal names the field. */
@Injectable()
export class InputPipe<T extends z.ZodType> implements PipeTransform<unknown, z.output<T>> {
  constructor(
    readonly schema: T,
    readonly part: string,
  ) {}

  transform(value: unknown): z.output<T> {
    return parseInput(this.schema, value, this.part);
  }
}

/**
 * Reads one argument of a handler.
 * @param part `body`, `query`, or the name of the path parameter.
 */
export function input<T extends z.ZodType>(schema: T, part: string): InputPipe<T> {
  return new InputPipe(schema, part);
}
