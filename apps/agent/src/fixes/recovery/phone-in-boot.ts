import type { Clearance } from '@lockstep/core/fixes';
import type { Fact, Reading, Udid } from '@lockstep/core/health';
import { surveyHost } from '../../probes/index.js';
import type { FixOrder, FixTools } from '../fix.js';

/** The one phone that a fix of the boot loader or the firmware may touch. */
export type InBoot =
  | { there: true; ecid: Ecid; mode: 'recovery' | 'dfu'; facts: readonly Fact[] }
  /** A word for why no phone may be touched. */
  | { there: false; word: string; facts: readonly Fact[] };

/** Sixteen digits in capitals, as facts spell it. */
export type Ecid = string;

/** As cfgutil, irecovery and idevicerestore take it. */
export function argumentOf(ecid: Ecid): string {
  return `0x${ecid}`;
}

/** Since A12 a UDID's second half is the ECID; older ones do not hold it. */
export function ecidOf(udid: Udid): Ecid | null {
  return udid.length === 25 ? udid.slice(9) : null;
}

/**
 * Finds the phone that an order names among those that hang here in recovery or DFU mode. Every tool is then given its ECID: without one
 * they take whichever phone they find first. A phone whose UDID does not hold its ECID may be another one that hangs here: it is told by
 * the ECID that a second person confirmed or, where nothing can be lost, by being the only one.
 */
export async function phoneInBoot({ udid, clearance }: FixOrder, tools: FixTools, mayLose: boolean): Promise<InBoot> {
  if (udid === null) return { there: false, word: 'no-phone-named', facts: [] };
  const { facts } = await surveyHost(tools.ctx, [udid], tools.signal);
  const no = (word: string): InBoot => ({ there: false, word, facts });
  const bus = facts.find((f) => f.kind === 'usb-bus');
  if (bus?.state !== 'seen') return no('bus-unreadable');
  const { devices } = bus.reading as Reading<'usb-bus'>;
  const waiting = devices.flatMap((d) =>
    (d.mode === 'recovery' || d.mode === 'dfu') && d.ecid !== null ? [{ ecid: d.ecid, mode: d.mode }] : [],
  );
  const wanted = wantedEcid(udid, clearance);
  if (wanted === 'two') return no('wrong-ecid');
  if (wanted === null) {
    if (mayLose) return no('ecid-not-confirmed');
    const [only, ...others] = waiting;
    if (!only) return no('not-in-recovery');
    return others.length > 0 ? no('which-phone') : { there: true, ...only, facts };
  }
  const [found, again] = waiting.filter((d) => d.ecid === wanted);
  if (found && !again) return { there: true, ...found, facts };
  return no(waiting.length > 0 ? 'wrong-ecid' : 'not-in-recovery');
}

/** The ECID that the order is about; `two` when UDID and clearance name different ones. */
function wantedEcid(udid: Udid, clearance: Clearance | undefined): Ecid | 'two' | null {
  const own = ecidOf(udid);
  const confirmed = clearance?.ecid ?? null;
  if (own !== null && confirmed !== null && own !== confirmed) return 'two';
  return own ?? confirmed;
}
