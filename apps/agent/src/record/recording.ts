import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Fact } from '@lockstep/core/health';
import { MuxClient } from '../device/index.js';
import { type CommandId, commandRow, type DraftFact, type Machine, type MachineIdentity, type Ran, UsageError } from '../machine/index.js';
import { PHONE_PROBES, PhoneTalk, type ProbeContext, surveyHost } from '../probes/index.js';
import { AGENT_VERSION } from '../version.js';
import { NAMES_IN, type Recorded, runAll, VERSIONS_IN } from './commands.js';
import { Pseudonyms, type SecretKind } from './pseudonyms.js';
import { Scrubber } from './scrub.js';
import { Secrets } from './secrets.js';

/** What became of a recording. */
export interface Recording {
  /** Folders that were written, from the folder that was given. */
  written: string[];
  /** Commands without a sample: the tool, or who is asked about, is not here. */
  absent: CommandId[];
  /** Commands whose output still held something that says whose it is: not written. */
  withheld: CommandId[];
  /** Commands that mean something else since they were scrubbed: written, to be looked at. */
  changed: CommandId[];
  scrubbed: Partial<Record<SecretKind, number>>;
}

export interface RecordOptions {
  machine: Machine;
  /** Missing or empty. */
  dir: string;
  began?(id: CommandId): void;
  /** Names of people beside those that the outputs tell. */
  people?: readonly string[];
  pseudonyms?: Pseudonyms;
}

/**
 * Runs every reading command of this computer's system and writes what each said as a sample folder, scrubbed. Throws a UsageError when
 * the folder holds anything already. Nothing is written before everything was run and scrubbed.
 */
export async function record(o: RecordOptions): Promise<Recording> {
  const dir = resolve(o.dir);
  await refuseUnlessEmpty(dir);
  const identity = await o.machine.identity();
  const secrets = new Secrets();
  secrets.name(identity.hostname);
  for (const name of o.people ?? [userInfo().username]) secrets.name(name);
  const phones = await learnPhones(o.machine, secrets);
  const { recorded, absent } = await runAll(o.machine, o.began);
  for (const { id, ran } of recorded) for (const text of [ran.stdout, ran.stderr]) secrets.learn(text, NAMES_IN[id]);

  const pseudonyms = o.pseudonyms ?? new Pseudonyms();
  const scrubber = new Scrubber(secrets, pseudonyms);
  const note = `recorded by lockstep-agent ${AGENT_VERSION} and scrubbed, ${identity.privileged ? 'with' : 'without'} administrator rights, ${phones} phones attached`;
  const result: Recording = { written: [], absent, withheld: [], changed: [], scrubbed: {} };
  const folder = slug(identity);
  const tag = pseudonyms.tag();
  for (const one of recorded) {
    const clean = scrubbed(one, scrubber);
    const facts = factsOf(one.id, clean);
    const files = filesOf(one.id, clean, facts, note);
    if (Object.values(files).some((text) => scrubber.survivors(text) > 0)) {
      result.withheld.push(one.id);
      continue;
    }
    const versions = VERSIONS_IN.has(one.id);
    if (!sameFacts(facts, scrubber.json(factsOf(one.id, one.ran), { versions }))) result.changed.push(one.id);
    const name = join(folder, `${one.id}-${tag}`);
    await mkdir(join(dir, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(dir, name, file), text, { flag: 'wx' });
    result.written.push(name);
  }
  result.scrubbed = pseudonyms.counts();
  return result;
}

async function refuseUnlessEmpty(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    const there = await readdir(dir);
    if (there.length > 0) throw new UsageError(`${dir}: is not empty; give a new folder`);
    // Whether one may write here is known before half an hour of logs is read.
    await writeFile(join(dir, '.lockstep'), '', { flag: 'wx' });
    await rm(join(dir, '.lockstep'));
  } catch (e) {
    if (e instanceof UsageError) throw e;
    const code = (e as NodeJS.ErrnoException).code ?? 'unknown';
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') throw new NotPermitted(`${dir}: cannot be written (${code})`);
    throw new UsageError(`${dir}: is no folder that can be written (${code})`);
  }
}

/** The folder may not be written: exit code 77. */
export class NotPermitted extends Error {
  override readonly name = 'NotPermitted';
}

/** Learns ids and names of the attached phones. Pair records are not asked for: a name needs no trust. @returns how many are attached */
async function learnPhones(machine: Machine, secrets: Secrets): Promise<number> {
  const mux = new MuxClient({ open: () => machine.openMux() });
  const ctx: ProbeContext = {
    machine,
    mux,
    agent: AGENT_VERSION,
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: () => {},
  };
  const { facts, listed, present } = await surveyHost(ctx, []);
  for (const udid of present) secrets.udid(udid);
  for (const fact of facts)
    if (fact.kind === 'usb-bus' && fact.state === 'seen') for (const d of fact.reading.devices) if (d.ecid) secrets.ecid(d.ecid);
  const values = PHONE_PROBES.find((p) => p.id === 'device-values');
  for (const device of listed) {
    const talk = new PhoneTalk(mux, device);
    try {
      const drafts = await values?.ask({ udid: device.udid, machine, talk, record: undefined }, AbortSignal.timeout(values.deadlineMs));
      for (const d of drafts ?? []) if (d.kind === 'device-values' && d.state === 'seen') secrets.name((d.reading as NamedReading).name);
    } catch {
      // A phone that does not say its name has none that any of these tools could have printed now.
    } finally {
      await talk.end();
    }
  }
  return present.length;
}

type NamedReading = Extract<Fact, { kind: 'device-values'; state: 'seen' }>['reading'];

function scrubbed({ id, ran }: Recorded, scrubber: Scrubber): Ran {
  const versions = VERSIONS_IN.has(id);
  return { ...ran, stdout: scrubber.text(ran.stdout, { versions }), stderr: scrubber.text(ran.stderr, { versions }) };
}

function factsOf(id: CommandId, ran: Ran): DraftFact[] {
  return commandRow(id).parse?.(ran) ?? [];
}

/** The files of a sample, by name. */
function filesOf(id: CommandId, ran: Ran, facts: readonly DraftFact[], note: string): Record<string, string> {
  const meta = { exit: ran.exit ?? 0, origin: 'recorded', note, ...(ran.failure === null ? {} : { failure: ran.failure }) };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    [`${id}.stdout`]: ran.stdout,
    ...(ran.stderr === '' ? {} : { [`${id}.stderr`]: ran.stderr }),
    'meta.json': json(meta),
    'expected.json': json(facts),
  };
}

/** Whether two readings say the same; the order of lists that are sorted by an id may differ. */
export function sameFacts(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(ordered(a), ordered(b));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, ordered(v)]));
}

/** The folder of a system's samples: `debian-12`, `macos-26.1`, `windows-11-pro`. */
function slug({ os, osVersion }: MachineIdentity): string {
  const plain = osVersion.toLowerCase().replace(/gnu\/linux|\([^)]*\)/g, ' ');
  const words = plain.match(/[a-z0-9.]+/g)?.slice(0, 4) ?? [];
  return words.length === 0 ? os : words.join('-');
}
