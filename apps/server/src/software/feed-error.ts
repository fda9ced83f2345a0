/** Why a feed could not be read, as a word for programs and metrics. */
export const FEED_FAULTS = [
  'unreachable',
  'untrusted',
  'timeout',
  'status',
  'redirects',
  'too-large',
  'not-json',
  'shape',
  'older',
] as const;
export type FeedFault = (typeof FEED_FAULTS)[number];

/** A feed could not be read; `message` is one sentence for a person and names the field where one is wrong. */
export class FeedError extends Error {
  override readonly name = 'FeedError';

  constructor(
    readonly fault: FeedFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
