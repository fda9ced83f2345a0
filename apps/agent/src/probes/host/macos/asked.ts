import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fact, FactKind, Udid } from '@lockstep/core/health';
import { MuxClient } from '../../../device/index.js';
import {
  type FileEntry,
  type FileStat,
  type PlistDict,
  RecordedMachine,
  type Recording,
  writeBinaryPlist,
} from '../../../machine/index.js';
import { askHost, type HostProbe, type ProbeContext } from '../../probe.js';
import { muxDaemon } from '../mux-daemon.js';
import { HOST_QUESTIONS } from '../questions.js';
import { usbBus } from '../usb.js';

/** The moment at which recorded Macs are looked at. */
export const NOW = Date.parse('2026-11-24T09:00:00Z');
export const UDID = '00008110-0011223344556677';
export const OTHER = '00008120-00AABBCCDDEEFF01';

/** What a command said in one of the sample folders. */
export function said(folder: string, command: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../../samples/${folder}/${command}.stdout`, import.meta.url)), 'utf8');
}

/** A file of settings. */
export function settings(value: PlistDict): Uint8Array {
  return writeBinaryPlist(value);
}

/** A file or folder, written an hour ago. */
export function entry(name: string, more: Partial<FileStat> = {}): FileEntry {
  return { name, kind: 'file', bytes: 10, mode: 0o644, uid: 0, gid: 0, modifiedAt: NOW - 3_600_000, ...more };
}

/** Zoë sits in front, her screen unlocked. */
export const SIGNED_IN: NonNullable<Recording['commands']> = {
  'ioreg-root': { stdout: said('macos-26/session-active', 'ioreg-root') },
  'account-of': { stdout: 'name: zoe\npassword: ********\nuid: 501\ngid: 20\ndir: /Users/zoe\nshell: /bin/zsh\ngecos: Zoë\n\n' },
};
export const PROCESSES = { stdout: said('macos-26/processes-quiet', 'process-list') };

/** Asks one question of a recorded Mac, on which there is nothing but what is written down: readings, `absent`, or why it failed. */
export async function ask(kind: FactKind, recording: Partial<Recording>, phones: Udid[] = [UDID], more: Partial<ProbeContext> = {}) {
  const machine = new RecordedMachine({
    os: 'macos',
    restMissing: true,
    now: () => NOW,
    openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    ...recording,
  });
  const ctx: ProbeContext = {
    machine,
    mux: new MuxClient({ open: () => machine.openMux() }),
    agent: '0.1.0',
    outbox: () => ({ waiting: 0, dropped: 0 }),
    onCrash: (probe, error) => {
      throw new Error(`${probe} died`, { cause: error });
    },
    ...more,
  };
  const facts = await askHost(probeOf(kind), ctx, phones, undefined);
  return facts.filter((f) => f.kind === kind).map(short);
}

function probeOf(kind: FactKind): HostProbe {
  const probe = [usbBus, muxDaemon, ...HOST_QUESTIONS].find((p) => p.kinds.includes(kind));
  if (!probe) throw new Error(`nobody asks ${kind}`);
  return probe;
}

function short(f: Fact) {
  return f.state === 'seen' ? f.reading : f.state === 'failed' ? f.reason : 'absent';
}
