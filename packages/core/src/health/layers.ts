/**
 * The eight rungs of the ladder, lowest first. A fault on a rung explains silence on every rung above it,
 * so a cause is looked for from the bottom up and the first broken rung names the pair's primary cause.
 */
export const LAYERS = ['host', 'usb', 'mux', 'trust', 'software', 'network', 'services', 'sync'] as const;

/** One rung of the ladder. */
export type Layer = (typeof LAYERS)[number];

/** Height of a rung: 0 for `host`, 7 for `sync`. */
export function layerHeight(layer: Layer): number {
  return LAYERS.indexOf(layer);
}
