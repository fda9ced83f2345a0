/** A location id as it is written: `0x14230000`. */
export function placeOf(location: number): string {
  return `0x${(location >>> 0).toString(16).padStart(8, '0')}`;
}

/**
 * How many hubs stand between the computer's own port and a device: a location id names the bus in its top byte and the port of each hop
 * in a nibble after it (IOUSBFamily, "locationID"), the first of which is the computer's own port.
 */
export function hubDepthOf(location: number): number {
  let hops = 0;
  for (let shift = 20; shift >= 0 && ((location >>> shift) & 0xf) !== 0; shift -= 4) hops++;
  return Math.max(0, hops - 1);
}

/** The location of the hub a device hangs at: its own with the last port taken off. The bus itself for what hangs at the computer. */
export function hubOf(location: number): number {
  for (let shift = 0; shift <= 20; shift += 4) if (((location >>> shift) & 0xf) !== 0) return (location & ~(0xf << shift)) >>> 0;
  return location >>> 0;
}
