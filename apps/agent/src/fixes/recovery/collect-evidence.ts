import { type Fact, isStorableText, type Reading, type Udid } from '@lockstep/core/health';
import { z } from 'zod';
import { linesOf, readAccount, readConsole, readUnifiedLog } from '../../machine/index.js';
import { stamped, surveyHost, surveyPhone } from '../../probes/index.js';
import { type FixTools, refused, type Steps } from '../fix.js';
import { Configurator } from './configurator.js';
import { argumentOf, ecidOf } from './phone-in-boot.js';

type Evidence = Reading<'evidence'>;
type Log = Evidence['logs'][number];

/** The name under which what was collected travels: no probe reads it. */
const BY = 'collect-evidence';
/** The fact's own limits. */
const LINES = 40;
const LINE = 200;

const Words = z.string().max(32).refine(isStorableText).nullable().catch(null);
const Truth = z
  .union([z.boolean(), z.enum(['true', 'false', 'yes', 'no', '1', '0']).transform((w) => ['true', 'yes', '1'].includes(w))])
  .nullable()
  .catch(null);
const Amount = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,16}$/)
      .transform(Number),
  ])
  .nullable()
  .catch(null);
/** Of what Configurator tells of a phone, what says how it stands. Whatever else it tells is not looked at. */
const Told = z.looseObject({
  bootedState: Words.optional(),
  deviceType: Words.optional(),
  firmwareVersion: Words.optional(),
  buildVersion: Words.optional(),
  activationState: Words.optional(),
  isPaired: Truth.optional(),
  isSupervised: Truth.optional(),
  isRestorable: Truth.optional(),
  passcodeProtected: Truth.optional(),
  batteryCurrentCapacity: Amount.optional(),
  freeDiskSpace: Amount.optional(),
});

/**
 * F48 on a Mac: collects what Configurator tells of the phone, the end of the last update's or restore's log and what the programs around
 * the multiplexer wrote down, and the usual look at computer and phone besides. Nothing is changed, and nothing leaves the computer that
 * says whose it is.
 */
export const collectEvidence: Steps = async ({ udid }, tools) => {
  if (udid === null) return refused('no-phone-named');
  const { ctx, cap, signal } = tools;
  const host = await surveyHost(ctx, [udid], signal);
  const device = host.listed.find((d) => d.udid === udid);
  const phone = device ? await surveyPhone(ctx, device, signal) : [];
  await cap.acts('F48', udid);
  const configurator = await toldByConfigurator(udid, tools);
  const logs = await collectLogs(udid, phone, tools);
  if (configurator === null && logs.length === 0) return refused('nothing-to-collect', [...host.facts, ...phone]);
  const at = new Date(ctx.machine.now()).toISOString();
  const fact = stamped(
    { kind: 'evidence', subject: { udid }, state: 'seen', reading: { configurator, logs } },
    { at, probe: BY, tookMs: 0 },
  );
  return { mechanics: 'done', detail: 'collected', facts: [...host.facts, ...phone, fact] };
};

/** Null where Configurator is not there, cannot be asked, or does not know the phone. */
async function toldByConfigurator(udid: Udid, tools: FixTools): Promise<Evidence['configurator']> {
  const ecid = ecidOf(udid);
  const found = await Configurator.find(tools);
  if (ecid === null || !found.there) return null;
  const answer = await found.configurator.tell('get', ecid);
  const output = answer.ended === 'done' ? answer.output : answer.ended === 'error' ? answer.partly?.output : undefined;
  const own = Object.entries(output ?? {}).find(([key]) => /^0x[0-9A-Fa-f]{1,16}$/.test(key) && BigInt(key) === BigInt(argumentOf(ecid)));
  const told = Told.safeParse(own?.[1]);
  if (!told.success) return null;
  const d = told.data;
  const battery = d.batteryCurrentCapacity ?? null;
  return {
    mode: d.bootedState ?? null,
    model: d.deviceType ?? null,
    version: d.firmwareVersion ?? null,
    build: d.buildVersion ?? null,
    activation: d.activationState ?? null,
    paired: d.isPaired ?? null,
    supervised: d.isSupervised ?? null,
    restorable: d.isRestorable ?? null,
    locked: d.passcodeProtected ?? null,
    batteryPercent: battery !== null && battery >= 0 && battery <= 100 ? battery : null,
    freeBytes: d.freeDiskSpace != null && Number.isSafeInteger(d.freeDiskSpace) && d.freeDiskSpace >= 0 ? d.freeDiskSpace : null,
  };
}

/** The ends of the logs, scrubbed. A log that is not there, or in which nothing stands, is left out. */
async function collectLogs(udid: Udid, phone: readonly Fact[], { ctx, signal, scrub }: FixTools): Promise<Log[]> {
  const { machine } = ctx;
  const names = [(await machine.identity()).hostname, ...phoneNames(phone)];
  const raw: { source: Log['source']; lines: string[] }[] = [];
  const console = readConsole(await machine.run('ioreg-root', signal));
  if (console.read && console.uid !== null) {
    const account = readAccount(await machine.run('account-of', signal, { uid: console.uid }));
    if (account.read) {
      names.push(account.account);
      const ran = await machine.run('restore-log-end', signal, { home: account.home });
      if (ran.failure === null && ran.exit === 0) raw.push({ source: 'updater', lines: linesOf(ran.stdout).map((l) => l.line) });
    }
  }
  const log = readUnifiedLog(await machine.run('log-devices', signal));
  if (log.read) raw.push({ source: 'agents', lines: log.entries.map((e) => `${e.process}: ${e.message}`) });
  return raw.flatMap(({ source, lines }) => {
    const last = lines.filter((l) => l.trim() !== '').slice(-LINES);
    const clean = scrub(last, { names, udids: [udid] })
      .map((l) => l.slice(0, LINE))
      .filter(isStorableText);
    return clean.length > 0 ? [{ source, lines: clean }] : [];
  });
}

/** What the holder called the phone. */
function phoneNames(facts: readonly Fact[]): string[] {
  return facts.flatMap((f) => (f.kind === 'device-values' && f.state === 'seen' ? [f.reading.name] : []));
}
