/** What the kernel's routing tables say, as far as it matters here. */
export interface Routes {
  /** Interfaces that carry a default route. */
  defaults: string[];
  /** Interfaces that carry any route in use, loopback aside. */
  all: string[];
}

/**
 * Reads proc's routing tables. In the IPv4 one, destination and mask are hex words, both zero for the default, and flag 0x1 (RTF_UP)
 * says that the route is in use; in the IPv6 one the destination is 32 hex digits with a prefix length, `lo` carries the kernel's own
 * reject route.
 */
export function parseRoutes(v4: string, v6: string): Routes {
  const defaults = new Set<string>();
  const all = new Set<string>();
  const add = (name: string, isDefault: boolean) => {
    if (name === 'lo') return;
    all.add(name);
    if (isDefault) defaults.add(name);
  };
  for (const line of v4.split('\n').slice(1)) {
    const [name, destination, , flags, , , , mask] = line.trim().split(/\s+/);
    if (name && flags && (Number.parseInt(flags, 16) & 1) === 1) add(name, destination === '00000000' && mask === '00000000');
  }
  for (const line of v6.split('\n')) {
    const [destination, prefix, , , , , , , , name] = line.trim().split(/\s+/);
    if (name && destination !== undefined) add(name, /^0{32}$/.test(destination) && prefix === '00');
  }
  return { defaults: [...defaults], all: [...all] };
}
