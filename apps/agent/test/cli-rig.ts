import { runCli } from '../src/cli/index.js';
import type { InstallSystem } from '../src/install/index.js';
import { RecordedMachine, type Recording } from '../src/machine/index.js';

export interface CliRun {
  code: number;
  out: string;
  talk: string;
}

export interface CliRigOptions {
  dir: string;
  stdin?: string;
  system?: InstallSystem;
  recording?: Partial<Recording>;
  /** Ends `run`. */
  stopped?: () => Promise<void>;
}

/** One run of the command line in this process, on a computer without phones, tools or a service manager. */
export async function cli(argv: string[], o: CliRigOptions): Promise<CliRun> {
  const out: string[] = [];
  const talk: string[] = [];
  const recording: Recording = {
    os: 'linux',
    sysfs: { 'bus/usb/devices/usb1/idVendor': '1d6b' },
    restMissing: true,
    openMux: async () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    listener: { proven: false, why: 'missing' },
    ...o.recording,
  };
  const code = await runCli(argv, {
    terminal: {
      out: (t) => void out.push(t),
      talk: (t) => void talk.push(t),
      interactive: false,
      input: async (limit) => ((o.stdin ?? '').length > limit ? null : (o.stdin ?? '')),
    },
    machine: () => new RecordedMachine(recording),
    env: () => ({ mux: { kind: 'unix', path: '/run/usbmuxd' }, sysfs: '/sys', dir: o.dir, lab: false }),
    ...(o.system ? { system: () => o.system as InstallSystem } : {}),
    ...(o.stopped ? { stopped: o.stopped } : {}),
  });
  return { code, out: out.join(''), talk: talk.join('') };
}
