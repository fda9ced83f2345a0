/**
 * From this confidence on a cause is claimed, acted upon and judged; below it is shown as possible. 0.7 is one strong signal with the
 * negatives checked.
 */
export const CLAIMED = 0.7;
