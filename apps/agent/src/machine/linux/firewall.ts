import type { FailReason, Reading } from '@lockstep/core/health';
import { linesOf } from '../decode.js';
import type { DraftFact } from '../draft.js';
import type { Ran } from '../port.js';
import { failedEnd } from './journal.js';

type Wall = Reading<'firewall'>;
export type Firewall = { read: true; wall: Wall } | { read: false; reason: FailReason };

const OPEN: Wall = { blocksAll: false, publicNetwork: null, mdnsAllowed: true };

function denied(text: string): FailReason {
  return /not permitted|permission denied|must be root|you must be root/i.test(text) ? 'denied' : 'garbage';
}

interface Expr {
  match?: { left?: { payload?: { protocol?: string; field?: string } }; right?: unknown };
  accept?: unknown;
  drop?: unknown;
  reject?: unknown;
  jump?: unknown;
  goto?: unknown;
}
interface Rule {
  family: string;
  table: string;
  chain: string;
  expr: Expr[];
}
interface Chain {
  family: string;
  table: string;
  name: string;
  hook?: string;
  policy?: string;
}

/**
 * Reads `nft -j list ruleset` (libnftables-json(5)) as far as names on the local network are concerned: what base chains at the input hook
 * do with UDP 5353. A chain that jumps elsewhere and drops the rest is not followed: then nothing is claimed.
 */
export function readNft(ran: Ran): Firewall {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) return { read: false, reason: denied(ran.stderr) };
  const listed = jsonList(ran.stdout);
  if (listed === null) return { read: false, reason: 'garbage' };
  const chains = listed.flatMap((e) => (isRecord(e) && isRecord(e.chain) ? [e.chain as unknown as Chain] : []));
  const rules = listed.flatMap((e) => (isRecord(e) && isRecord(e.rule) ? [e.rule as unknown as Rule] : []));
  const inputs = chains.filter((c) => c.hook === 'input');
  let blocksAll: boolean | null = false;
  let mdnsAllowed: boolean | null = true;
  for (const chain of inputs) {
    const own = rules.filter(
      (r) => r.family === chain.family && r.table === chain.table && r.chain === chain.name && Array.isArray(r.expr),
    );
    const verdict = inputVerdict(own, chain.policy === 'drop');
    if (verdict.mdns === false) mdnsAllowed = false;
    else if (verdict.mdns === null && mdnsAllowed === true) mdnsAllowed = null;
    if (verdict.all === true) blocksAll = true;
    else if (verdict.all === null && blocksAll === false) blocksAll = null;
  }
  return { read: true, wall: { blocksAll, publicNetwork: null, mdnsAllowed } };
}

/** What one input chain does, first match first. `all`: it lets nothing new in. */
function inputVerdict(rules: readonly Rule[], dropsRest: boolean): { mdns: boolean | null; all: boolean | null } {
  let jumps = false;
  let accepts = false;
  let dropsAll = dropsRest;
  for (const { expr } of rules) {
    const matches = expr.filter((e) => e.match);
    const isMdns = matches.some(
      (e) => e.match?.left?.payload?.protocol === 'udp' && e.match.left.payload.field === 'dport' && holds(e.match.right, 5353),
    );
    const last = expr.find((e) => 'accept' in e || 'drop' in e || 'reject' in e || 'jump' in e || 'goto' in e);
    if (!last) continue;
    if ('jump' in last || 'goto' in last) jumps = true;
    else if ('accept' in last) {
      if (isMdns) return { mdns: true, all: false };
      if (matches.length === 0) return { mdns: jumps ? null : true, all: false };
      accepts = true;
    } else {
      if (isMdns) return { mdns: false, all: null };
      if (matches.length === 0) {
        dropsAll = true;
        break;
      }
    }
  }
  if (!dropsAll) return { mdns: jumps ? null : true, all: false };
  return { mdns: jumps ? null : false, all: jumps ? null : !accepts };
}

function holds(right: unknown, port: number): boolean {
  if (right === port) return true;
  if (isRecord(right) && Array.isArray(right.set)) return right.set.some((x) => holds(x, port));
  return isRecord(right) && Array.isArray(right.range) && Number(right.range[0]) <= port && port <= Number(right.range[1]);
}

function jsonList(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && Array.isArray(value.nftables) ? value.nftables : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads `iptables -S INPUT` (iptables(8)): the policy, then the rules in order. */
export function readIptables(ran: Ran): Firewall {
  const failed = failedEnd(ran);
  if (failed) return { read: false, reason: failed };
  if (ran.exit !== 0) return { read: false, reason: denied(ran.stderr) };
  const lines = linesOf(ran.stdout).map((l) => l.line.trim());
  const policy = /^-P INPUT (ACCEPT|DROP)$/.exec(lines.find((l) => l.startsWith('-P')) ?? '')?.[1];
  if (policy === undefined) return { read: false, reason: 'garbage' };
  let accepts = false;
  let jumps = false;
  for (const line of lines.filter((l) => l.startsWith('-A INPUT'))) {
    const target = /-j (\S+)/.exec(line)?.[1];
    const isMdns = /-p udp/.test(line) && /--dports? (\S*,)?5353(,|\s|$)/.test(line);
    const matchesAll = /^-A INPUT -j \S+/.test(line);
    if (target === 'ACCEPT') {
      if (isMdns || matchesAll) return { read: true, wall: OPEN };
      accepts = true;
    } else if (target === 'DROP' || target === 'REJECT') {
      if (isMdns || matchesAll)
        return {
          read: true,
          wall: { blocksAll: matchesAll && !accepts && !jumps, publicNetwork: null, mdnsAllowed: jumps ? null : false },
        };
    } else if (target !== undefined && target !== 'LOG') jumps = true;
  }
  if (policy === 'ACCEPT') return { read: true, wall: { ...OPEN, mdnsAllowed: jumps ? null : true } };
  return { read: true, wall: { blocksAll: jumps ? null : !accepts, publicNetwork: null, mdnsAllowed: jumps ? null : false } };
}

const factOf = (f: Firewall): DraftFact[] =>
  f.read
    ? [{ kind: 'firewall', subject: 'host', state: 'seen', reading: f.wall }]
    : [{ kind: 'firewall', subject: 'host', state: 'failed', reason: f.reason }];

export const parseNft = (ran: Ran): DraftFact[] => factOf(readNft(ran));
export const parseIptables = (ran: Ran): DraftFact[] => factOf(readIptables(ran));
