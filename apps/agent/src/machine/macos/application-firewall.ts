import type { FailReason, Reading } from '@lockstep/core/health';
import type { DraftFact } from '../draft.js';
import { failedEnd } from '../linux/index.js';
import type { Ran } from '../port.js';

export type MacFirewall = { read: true; wall: Reading<'firewall'> } | { read: false; reason: FailReason };

/**
 * Reads `socketfilterfw --getglobalstate`: the state's number is 0 for off, 1 for on, 2 for "block all incoming connections". Even then
 * Bonjour may come in (Apple, "Change Firewall settings on Mac": basic services stay allowed). Macs know no public networks.
 */
export function readApplicationFirewall(ran: Ran): MacFirewall {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  const state = /\(State = (\d)\)/.exec(ran.stdout)?.[1];
  if (ran.exit !== 0 || state === undefined || Number(state) > 2) return { read: false, reason: 'garbage' };
  return { read: true, wall: { blocksAll: state === '2', publicNetwork: null, mdnsAllowed: true } };
}

export function parseApplicationFirewall(ran: Ran): DraftFact[] {
  const wall = readApplicationFirewall(ran);
  if (!wall.read) return [{ kind: 'firewall', subject: 'host', state: 'failed', reason: wall.reason }];
  return [{ kind: 'firewall', subject: 'host', state: 'seen', reading: wall.wall }];
}
