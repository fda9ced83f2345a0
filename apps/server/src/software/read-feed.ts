import { type FeedName, type FeedPart, GdmfAnswer, sofaAnswer } from '@lockstep/core/software';
import type { z } from 'zod';
import { fieldErrors, readJson } from '../platform/index.js';
import { FeedError } from './feed-error.js';

/** Nesting of an answer: feeds that are read today have nine levels. */
const DEPTH = 16;

const SCHEMAS: Record<FeedName, z.ZodType<FeedPart>> = {
  gdmf: GdmfAnswer,
  'sofa-ios': sofaAnswer('ios'),
  'sofa-macos': sofaAnswer('macos'),
};

/**
 * Reads an answer of a feed into our own shape.
 * @throws FeedError that names the first wrong field
 */
export function readFeed(feed: FeedName, text: string): FeedPart {
  const json = readJson(text, DEPTH, '(answer)');
  if (!json.ok) throw new FeedError('not-json', `${json.error.field} ${json.error.message}`);
  const read = SCHEMAS[feed].safeParse(json.value);
  if (read.success) return read.data;
  const [first, ...more] = fieldErrors(read.error, '(answer)');
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  throw new FeedError('shape', first === undefined ? '(answer) cannot be read' : `${first.field}: ${first.message}${rest}`);
}
