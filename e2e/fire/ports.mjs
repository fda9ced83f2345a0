// Ports that stay free while their owner is dead for a moment.
import { readFileSync } from 'node:fs';
import { portIsFree } from '../../scripts/postgres/settings.mjs';

/** Linux gives outgoing connections a port of this range (ip_local_port_range); where it cannot be read, the range of Linux' default and IANA's. */
const USUAL = { first: 32_768, last: 65_535 };
/** Below are ports that people know by heart, and those of services. */
const LEAST = 10_240;

/** @returns {{ first: number, last: number }} */
function outgoing() {
  try {
    const [first = 0, last = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
    return { first, last };
  } catch {
    return USUAL;
  }
}

/** @type {Set<number>} */
const given = new Set();

/**
 * A free port that no outgoing connection can be given: a server that is killed finds it again, however many clients knock meanwhile.
 * @returns {Promise<number>}
 */
export async function steadyPort() {
  const { first, last } = outgoing();
  const below = first - LEAST >= 1_000;
  const [least, most] = below ? [LEAST, first - 1] : [last + 1, 65_535];
  if (most - least < 1_000) throw new Error('no room for ports beside those of outgoing connections (net.ipv4.ip_local_port_range)');
  for (let tries = 0; tries < 200; tries++) {
    const port = least + Math.floor(Math.random() * (most - least));
    if (given.has(port) || !(await portIsFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port');
}
