import type { FailReason, Udid } from '@lockstep/core/health';
import { type DraftFact, type NetInterface, type Network, parseAvahi } from '../../machine/index.js';
import { type Asking, draft, type HostProbe, isExpected } from '../probe.js';
import { encodeQuery, TYPE } from './dns-message.js';
import { macResponder } from './macos/index.js';
import { ANYTHING, addressMatches, type Browse, isSameSubnet, MOBDEV, marksOf, readBrowse, tagMatches } from './wifi-match.js';
import * as windows from './windows/index.js';

/** Answers come within a second on a healthy network; the question is asked twice. */
const LISTEN_MS = 3_000;
/** Interfaces that carry no local network: a question into a tunnel leaves the building. */
const TUNNEL = /^(utun|tun|tap|wg|ppp|ipsec|gpd|cscotun|nordlynx|tailscale|zt|docker|br-|veth|virbr|vmnet|bridge|awdl|llw|anpi|vEthernet)/i;

/** What a system says of its responder: the draft of `mdns-responder` alone, without what was heard. */
export type Responder = (ctx: Asking, signal: AbortSignal) => Promise<DraftFact>;

/** Names on the local network: the responder, whether others are heard, and which of the phones are. */
export const mdns: HostProbe = {
  id: 'mdns',
  kinds: ['mdns-responder', 'wifi-advert'],
  cost: 'dear',
  cadenceMs: 15 * 60_000,
  deadlineMs: 20_000,
  rows: {
    linux: {
      asks: ['avahi-show', 'network', 'mux'],
      privilege: 'user',
      ask: (ctx, signal) =>
        browseDrafts(ctx, signal, async () => {
          const [fact] = parseAvahi(await ctx.machine.run('avahi-show', signal));
          return fact ?? draft.failed('mdns-responder', 'host', 'garbage');
        }),
    },
    macos: {
      asks: ['launchctl-responder', 'network', 'mux'],
      privilege: 'user',
      ask: (ctx, signal) => browseDrafts(ctx, signal, () => macResponder(ctx.machine, signal)),
    },
    windows: {
      asks: ['windows-slow', 'network', 'mux'],
      privilege: 'user',
      deadlineMs: 55_000,
      cadenceMs: 30 * 60_000,
      ask: (ctx, signal) => browseDrafts(ctx, signal, windows.windowsResponder),
    },
  },
};

/** The system's word on its responder, and the agent's own question to everybody on every interface that is no tunnel. */
export async function browseDrafts(ctx: Asking, signal: AbortSignal, responder: Responder): Promise<DraftFact[]> {
  const [told, browse] = await Promise.all([responder(ctx, signal), ctx.network ? browseOn(ctx.network, signal) : null]);
  const state =
    told.state === 'seen' && told.kind === 'mdns-responder'
      ? draft.seen('mdns-responder', 'host', { ...told.reading, hearsOthers: browse?.browse.hearsOthers ?? null })
      : told;
  if (!browse) return [state, ...failedAdverts(ctx.phones, 'unsupported')];
  return [state, ...(await advertsOf(ctx, browse, signal))];
}

interface Asked {
  browse: Browse;
  interfaces: NetInterface[];
}

async function browseOn(network: Network, signal: AbortSignal): Promise<Asked> {
  const interfaces = network.interfaces();
  const query = encodeQuery([
    { name: MOBDEV, type: TYPE.PTR },
    { name: ANYTHING, type: TYPE.PTR },
  ]);
  const local = interfaces.filter((i) => !TUNNEL.test(i.name));
  return { browse: readBrowse(await network.ask(query, local, LISTEN_MS, signal), interfaces), interfaces };
}

/** Each phone's announcement: the one that fits its record. Nobody heard at all says nothing about a phone. */
async function advertsOf(ctx: Asking, { browse, interfaces }: Asked, signal: AbortSignal): Promise<DraftFact[]> {
  if (!browse.hearsOthers) return failedAdverts(ctx.phones, 'unreachable');
  const drafts: DraftFact[] = [];
  for (const udid of ctx.phones) drafts.push(await advertOf(ctx, udid, browse, interfaces, signal));
  return drafts;
}

async function advertOf(
  ctx: Asking,
  udid: Udid,
  browse: Browse,
  interfaces: readonly NetInterface[],
  signal: AbortSignal,
): Promise<DraftFact> {
  const subject = { udid };
  let record: Uint8Array | null;
  try {
    record = await ctx.mux.readPairRecord(udid, { signal });
  } catch (e) {
    if (!isExpected(e) || signal.aborted) throw e;
    return draft.failed('wifi-advert', subject, 'no-session');
  }
  const marks = record === null ? null : marksOf(record);
  // Without a record nobody can tell whose announcement it is.
  if (marks === null)
    return browse.adverts.length === 0 ? draft.absent('wifi-advert', subject) : draft.failed('wifi-advert', subject, 'no-session');
  const judged = browse.adverts.map((advert) => ({ advert, address: addressMatches(advert, marks), tag: tagMatches(advert, marks) }));
  const own = judged.find((j) => j.tag === true) ?? judged.find((j) => j.address === true);
  // One announcement and one phone: it is this one under another address, which is what a private Wi-Fi address looks like.
  const only = judged.length === 1 && ctx.phones.length === 1 ? judged[0] : undefined;
  const found = own ?? only;
  if (!found) return draft.absent('wifi-advert', subject);
  return draft.seen('wifi-advert', subject, {
    addressMatches: found.address,
    tagMatches: found.tag,
    sameSubnet: isSameSubnet(found.advert, interfaces),
  });
}

function failedAdverts(phones: readonly Udid[], reason: FailReason): DraftFact[] {
  return phones.map((udid) => draft.failed('wifi-advert', { udid }, reason));
}
