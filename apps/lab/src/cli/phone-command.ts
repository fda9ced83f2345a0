import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Bench, ListenAddress, ListenError } from '../daemon/index.js';
import { MUX_FAULT_IDS, PHONE_FAULT_IDS, type PhoneFaultId, START_IDS, type StartId, StateFileError } from '../phone/index.js';
import { SysfsError, SysfsTree } from '../sysfs/index.js';
import { type Command, CommandError, type CommandIo, EXIT, readFlags, readValue } from './command.js';
import { ControlServer } from './control.js';

const BEGINNINGS = [...START_IDS, ...PHONE_FAULT_IDS] as const;
/** A holder who reads the question first. */
const TRUST_AFTER_MS = 1_000;

const PhoneArgument = z.string().transform((raw, ctx): { name: string; as: StartId | PhoneFaultId } => {
  const [, name, as = 'none'] = /^([A-Za-z0-9][\w.-]{0,31})(?:=(.*))?$/s.exec(raw) ?? [];
  const known = BEGINNINGS.find((b) => b === as);
  if (name === undefined || known === undefined) {
    const message =
      name === undefined
        ? 'must be NAME or NAME=FAULT with a name of letters, digits, dot, dash and underscore'
        : MUX_FAULT_IDS.some((f) => f === as)
          ? `${as} is a fault of the multiplexer; give it with --mux`
          : `unknown fault ${JSON.stringify(as)}; "lockstep-lab faults" lists them`;
    ctx.addIssue({ code: 'custom', message: `${message} (got ${JSON.stringify(raw)})` });
    return z.NEVER;
  }
  return { name, as: known };
});
const Seed = z.string().regex(/^\d{1,15}$/, 'must be a whole number');
const Folder = z
  .string()
  .min(1, 'must name a folder')
  .refine((p) => !p.includes('\u0000'), 'holds a NUL');
const TrustAfter = z.union(
  [
    z.literal('never').transform(() => null),
    z
      .string()
      .regex(/^\d{1,7}$/)
      .transform(Number),
  ],
  { error: 'must be milliseconds (at most 9999999) or "never"' },
);
const MuxFault = z.enum(MUX_FAULT_IDS, { error: `must be one of ${MUX_FAULT_IDS.join(', ')}` });

const FLAGS = {
  listen: { type: 'string' },
  phone: { type: 'string', multiple: true },
  mux: { type: 'string' },
  sysfs: { type: 'string' },
  control: { type: 'string' },
  records: { type: 'string' },
  state: { type: 'string' },
  seed: { type: 'string' },
  'trust-after': { type: 'string' },
} as const;

interface Wanted {
  listen: ListenAddress;
  phones: { name: string; as: StartId | PhoneFaultId }[];
  mux: z.infer<typeof MuxFault> | null;
  sysfs: string | null;
  control: string | null;
  records: string | null;
  state: string | null;
  seed: string;
  trustAfterMs: number | null;
}

function readArguments(args: string[]): Wanted {
  const { values } = readFlags(args, FLAGS);
  if (values.listen === undefined) throw new CommandError('--listen: missing; give host:port or UNIX:/path');
  const optional = <T>(flag: keyof typeof FLAGS, schema: z.ZodType<T, unknown>) =>
    values[flag] === undefined ? null : readValue(`--${flag}`, schema, values[flag]);
  const phones = (values.phone ?? ['phone-1']).map((p) => readValue('--phone', PhoneArgument, p));
  const twice = phones.find((p, i) => phones.findIndex((q) => q.name === p.name) !== i);
  if (twice) throw new CommandError(`--phone: ${JSON.stringify(twice.name)} is named twice`);
  return {
    listen: readValue('--listen', ListenAddress, values.listen),
    phones,
    mux: optional('mux', MuxFault),
    sysfs: optional('sysfs', Folder),
    control: optional('control', Folder),
    records: optional('records', Folder),
    state: optional('state', Folder),
    seed: optional('seed', Seed) ?? '1',
    trustAfterMs: values['trust-after'] === undefined ? TRUST_AFTER_MS : readValue('--trust-after', TrustAfter, values['trust-after']),
  };
}

async function run(args: string[], io: CommandIo): Promise<number> {
  const wanted = readArguments(args);
  const scratch = mkdtempSync(join(tmpdir(), 'lockstep-lab-'));
  const closers: (() => Promise<void> | void)[] = [() => rmSync(scratch, { recursive: true, force: true })];
  try {
    const tree = wanted.sysfs === null ? null : blame('--sysfs', () => new SysfsTree(wanted.sysfs as string));
    if (wanted.state !== null) blame('--state', () => mkdirSync(wanted.state as string, { recursive: true, mode: 0o700 }));
    const bench = blame('--records', () => new Bench({ seed: wanted.seed, recordsDir: wanted.records ?? join(scratch, 'records'), tree }));
    closers.push(() => bench.close());
    for (const { name, as } of wanted.phones) {
      blame('--state', () =>
        bench.add({ name, trustAfterMs: wanted.trustAfterMs, stateFile: wanted.state && join(wanted.state, `${name}.json`) }),
      );
      // A phone that remembers its computers keeps them; only a fault that was asked for changes what it knows.
      if (as !== 'none' || wanted.state === null) await bench.begin(name, as);
      bench.plug(name);
    }
    const address = await blameLater('--listen', bench.mux.listen(wanted.listen));
    if (wanted.mux !== null) await bench.setMuxFault(wanted.mux);
    if (wanted.control !== null) {
      const control = new ControlServer(bench, wanted.control);
      closers.push(() => control.close());
      await blameLater('--control', control.listen());
    }
    const phones = bench.status().map((s) => `${s.name}=${s.udid}`);
    io.out(`ready ${address} ${phones.join(' ')}`);
    io.err(
      `USBMUXD_SOCKET_ADDRESS=${address}${wanted.sysfs === null ? '' : ` LOCKSTEP_SYSFS=${wanted.sysfs}`}${wanted.control === null ? '' : `; lockstep-lab tell ${wanted.control} status`}`,
    );
    await untilStopped(io.stop);
    return EXIT.ok;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function untilStopped(stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (stop.aborted) done();
    stop.addEventListener('abort', () => done(), { once: true });
  });
}

/** Turns what a flag's value brought about into a sentence that names the flag. */
function blame<T>(flag: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw blamed(flag, error);
  }
}

async function blameLater<T>(flag: string, act: Promise<T>): Promise<T> {
  return act.catch((error: unknown) => {
    throw blamed(flag, error);
  });
}

function blamed(flag: string, error: unknown): unknown {
  const { message, cause: below, code: ownCode } = error as Partial<NodeJS.ErrnoException>;
  const systemCode = ownCode ?? (below as Partial<NodeJS.ErrnoException> | undefined)?.code;
  const code =
    systemCode === 'EACCES' || systemCode === 'EPERM' ? EXIT.notPermitted : error instanceof ListenError ? EXIT.unavailable : EXIT.usage;
  const ours = error instanceof SysfsError || error instanceof StateFileError || error instanceof ListenError;
  return ours || systemCode !== undefined ? new CommandError(`${flag}: ${message}`, code, { cause: error }) : error;
}

/** `lockstep-lab phone`: simulated phones behind one multiplexer, until it is stopped. */
export const phoneCommand: Command = {
  usage:
    '--listen HOST:PORT|UNIX:/path [--phone NAME[=FAULT] …] [--mux FAULT] [--sysfs DIR] [--control FILE.sock] [--records DIR] [--state DIR] [--seed N] [--trust-after MS|never]',
  summary: 'serve simulated phones as usbmuxd does; prints "ready ADDRESS NAME=UDID …"',
  run,
};
