import {
  BEHIND,
  type Compatibility,
  compatibility,
  demandOf,
  hostSoftwareOf,
  judgeHost,
  judgePhone,
  judgePrograms,
  judgeWindows,
  type PreparedCatalogue,
  type ProgramVerdict,
  type SoftwarePolicy,
  staleSince,
  type Verdict,
} from '../../software/index.js';
import { current } from '../current.js';
import type { DiagnosisInput } from '../shapes.js';
import { type Tri, tri } from '../tri.js';
import { from, type Signal } from './signal.js';

const DAY_MS = 86_400_000;

interface Judged<T> {
  catalogue: PreparedCatalogue;
  policy: SoftwarePolicy | undefined;
  day: number;
  beside: unknown;
  value: T;
}

/**
 * What was made of a reading, until the catalogue, the policy, the day or the reading beside it changes: readings stay the same objects until
 * they are read anew, and several signals ask the same of them.
 */
class Judgements<T> {
  readonly #byReading = new WeakMap<object, Judged<T>>();

  of(reading: object, input: DiagnosisInput, beside: unknown, judge: (catalogue: PreparedCatalogue) => T): T | null {
    const { catalogue, policy, now } = input;
    if (!catalogue) return null;
    const day = Math.floor(now / DAY_MS);
    const known = this.#byReading.get(reading);
    if (known && known.catalogue === catalogue && known.policy === policy && known.day === day && known.beside === beside)
      return known.value;
    const value = judge(catalogue);
    this.#byReading.set(reading, { catalogue, policy, day, beside, value });
    return value;
  }
}

const PHONES = new Judgements<Verdict>();
const COMPUTERS = new Judgements<Verdict>();
const FITS = new Judgements<Compatibility | null>();
const PROGRAMS = new Judgements<ProgramVerdict[]>();

/** How the phone's iOS stands by the feeds; null without values or catalogue. */
function phoneVerdict(input: DiagnosisInput): Verdict | null {
  const values = current(input, 'device-values');
  if (values?.state !== 'seen') return null;
  return PHONES.of(values.reading, input, null, (catalogue) => judgePhone(catalogue, values.reading, input.now, input.policy));
}

function hostVerdict(input: DiagnosisInput): Verdict | null {
  const os = current(input, 'host-os');
  const self = current(input, 'agent-self');
  if (os?.state !== 'seen' || self?.state !== 'seen') return null;
  const { version, build, model } = os.reading;
  return COMPUTERS.of(os.reading, input, self.reading.os, (catalogue) =>
    judgeHost(catalogue, { os: self.reading.os, version, build, model }, input.now, input.policy),
  );
}

/** Statuses that are no verdict: nothing may be said from them. */
const SILENT: ReadonlySet<string> = new Set(['unknown', 'unknown-model', 'unknown-version', 'feed-stale']);

function of(kind: 'device-values' | 'host-os', judge: (i: DiagnosisInput) => Verdict | null, says: (v: Verdict) => boolean): Signal {
  return {
    kind,
    read: (input): Tri => {
      const verdict = judge(input);
      return verdict === null || SILENT.has(verdict.status) ? 'unknown' : tri(says(verdict));
    },
  };
}

/** Behind, and no longer within the days that a rollout may take. */
const behind = (v: Verdict) => BEHIND.has(v.status) && v.urgency !== 'ok';

/** Whether the computer's system gets updates no more, by the list of whoever makes it. */
function hostEnded(input: DiagnosisInput): Tri {
  const os = current(input, 'host-os');
  const self = current(input, 'agent-self');
  if (os?.state !== 'seen' || self?.state !== 'seen' || !input.catalogue) return 'unknown';
  if (self.reading.os === 'windows') {
    const { status } = judgeWindows(input.catalogue.windows, os.reading, input.now);
    return status === 'ended' ? 'yes' : status === 'supported' ? 'no' : 'unknown';
  }
  const verdict = hostVerdict(input);
  return verdict === null || SILENT.has(verdict.status) ? 'unknown' : tri(verdict.ended);
}

/** Whether this computer knows phones of this iOS: from what the phone asks for and both versions, not from the season alone. */
function fits(input: DiagnosisInput, only: 'proof' | 'any'): Tri {
  const values = current(input, 'device-values');
  const self = current(input, 'agent-self');
  if (values?.state !== 'seen' || self?.state !== 'seen') return 'unknown';
  const os = current(input, 'host-os');
  const apple = current(input, 'apple-software');
  const system = os?.state === 'seen' ? os.reading : null;
  const software = apple?.state === 'seen' ? apple.reading : null;
  // A program whose version could not be read is not an old one.
  if (self.reading.os === 'windows' && software?.items.some((i) => i.version === null)) return 'unknown';
  const answer = FITS.of(values.reading, input, software ?? system, (catalogue) =>
    compatibility(catalogue, hostSoftwareOf(self.reading.os, system, software), values.reading.productVersion, demandOf(values.reading)),
  );
  // That nothing of Apple's is there is another cause.
  if (answer === null || answer.outcome === 'unknown' || answer.reason === 'no-apple-software') return 'unknown';
  if (answer.outcome === 'ready') return 'yes';
  return only === 'proof' && answer.basis === 'season' ? 'unknown' : 'no';
}

/** Apple's programs on a PC beside the newest that was seen. */
function programs(input: DiagnosisInput, says: (p: ProgramVerdict) => boolean): Tri {
  const apple = current(input, 'apple-software');
  if (apple?.state !== 'seen') return 'unknown';
  const verdicts = PROGRAMS.of(apple.reading, input, null, (catalogue) => {
    const { pc } = hostSoftwareOf('windows', null, apple.reading);
    return pc === null ? [] : judgePrograms(catalogue, pc);
  });
  return verdicts === null || verdicts.length === 0 ? 'unknown' : tri(verdicts.some(says));
}

/** The major number of a version, NaN without one. */
const major = (version: string) => Number.parseInt(version, 10);

/** The fifth rung's signals. */
export const SOFTWARE_SIGNALS = {
  /** Nobody has read Apple's lists for three days: no version is judged then. */
  'feeds.stale': {
    kind: null,
    read: (i): Tri => (i.catalogue ? tri(staleSince(i.catalogue, i.now) !== null) : 'unknown'),
    told: (i) => {
      const since = i.catalogue ? staleSince(i.catalogue, i.now) : null;
      return { at: since, reading: since === null ? 'Apple’s lists were read lately' : 'Apple’s lists were not read for days' };
    },
  },
  'phone.behind': of('device-values', phoneVerdict, behind),
  /** Behind for longer than the policy allows, or with a hole that is used against people. */
  'phone.behind-policy': of('device-values', phoneVerdict, (v) => behind(v) && v.urgency === 'fail'),
  'phone.current': of('device-values', phoneVerdict, (v) => v.status === 'current' || v.status === 'behind-major-optional'),
  'phone.beta': of('device-values', phoneVerdict, (v) => v.status === 'ahead-beta'),
  /** The newest that its model will get, and not the newest there is. */
  'phone.end-of-life': of('device-values', phoneVerdict, (v) => v.status === 'eol-model'),
  'computer.behind': of('host-os', hostVerdict, behind),
  'computer.behind-policy': of('host-os', hostVerdict, (v) => behind(v) && v.urgency === 'fail'),
  /** The newest that a Mac's model is offered is too old to be kept safe, or Microsoft's last day for this Windows is over. */
  'computer.end-of-life': { kind: 'host-os', read: hostEnded },
  'computer.fits-phone': { kind: 'apple-software', read: (i): Tri => fits(i, 'any') },
  /** The same, where only a version or the phone itself speaks: the season alone proves nothing. */
  'computer.fits-phone-surely': { kind: 'apple-software', read: (i): Tri => fits(i, 'proof') },
  'support.required': from('device-support', (r) => r.required),
  'support.blocked': from('device-support', (r) => r.blockedBy.length > 0),
  'support.offered': from('device-support', (r) => r.offered),
  'programs.old': { kind: 'apple-software', read: (i): Tri => programs(i, (p) => p.isOld) },
  'programs.too-old': { kind: 'apple-software', read: (i): Tri => programs(i, (p) => p.isTooOld === true) },
  /** The old single driver alone (usbaapl64), which newer phones do not get on with. */
  'driver.outdated': from('apple-software', (r) => (r.driver === null ? null : /^usbaapl/i.test(r.driver.inf))),
  'phone.ios17': from('device-values', (r) => (Number.isNaN(major(r.productVersion)) ? null : major(r.productVersion) >= 17)),
  'phone.ios16': from('device-values', (r) => (Number.isNaN(major(r.productVersion)) ? null : major(r.productVersion) >= 16)),
} as const satisfies Record<string, Signal>;
