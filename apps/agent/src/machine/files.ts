/** Every file outside the device tree that the agent reads from the system, by id. Read only, at most 64 KiB of each. */
export const SYSTEM_FILES = {
  /** freedesktop os-release(5). */
  'os-release': ['/etc/os-release', '/usr/lib/os-release'],
  /** The kernel's IPv4 routes (proc(5)). */
  'routes-4': ['/proc/net/route'],
  /** The kernel's IPv6 routes. */
  'routes-6': ['/proc/net/ipv6_route'],
} as const satisfies Record<string, readonly string[]>;

export type SystemFileId = keyof typeof SYSTEM_FILES;

/** Longest part of such a file that is read: routing tables of routers aside, all are a few KiB. */
export const SYSTEM_FILE_BYTES = 65_536;

/** The system's name for itself from os-release(5): PRETTY_NAME, else NAME and VERSION_ID; null when neither is there. */
export function osReleaseName(content: string): string | null {
  const values = new Map<string, string>();
  for (const line of content.replace(/^\ufeff/, '').split(/\r?\n/)) {
    const m = /^([A-Z_]+)=(.*)$/.exec(line.trim());
    if (m?.[1] !== undefined && m[2] !== undefined) values.set(m[1], unquote(m[2]));
  }
  const pretty = values.get('PRETTY_NAME');
  if (pretty) return pretty;
  const name = values.get('NAME');
  const version = values.get('VERSION_ID');
  return name ? (version ? `${name} ${version}` : name) : null;
}

function unquote(raw: string): string {
  const s = raw.trim();
  const q = s[0];
  if ((q === '"' || q === "'") && s.length > 1 && s.endsWith(q)) return s.slice(1, -1).replace(/\\(["$`\\])/g, '$1');
  return s;
}

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
