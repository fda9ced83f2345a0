import { z } from 'zod';

/** How many of something, or a number of the field (a USB product id, a pid, a code): whole, not negative, at most a milliard. */
export const count = z.int().min(0).max(1_000_000_000);
/** A duration in milliseconds, a day at most. */
export const ms = z.number().min(0).max(86_400_000);
/** A duration in seconds, ten years at most. */
export const seconds = z.number().min(0).max(315_360_000);
/** A difference of clocks in seconds, either way, a century at most. */
export const skew = z.number().min(-3_155_760_000).max(3_155_760_000);
/** Bytes of a disk or a file. */
export const bytes = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const percent = z.number().min(0).max(100);
/** A moment, ISO 8601 UTC. */
export const instant = z.iso.datetime();
