import { existsSync } from 'node:fs';
import { LinkError } from '@lockstep/agent';
import { printable } from '@lockstep/core/health';
import { z } from 'zod';
import { type Command, CommandError, type CommandIo, EXIT, readFlags, readValue } from '../cli/index.js';
import { ListenError } from '../daemon/index.js';
import { startFleet, USUAL } from './fleet.js';

const FLAGS = {
  server: { type: 'string' },
  'enrol-token-file': { type: 'string' },
  dir: { type: 'string' },
  control: { type: 'string' },
  seed: { type: 'string' },
  computers: { type: 'string' },
  phones: { type: 'string' },
  calm: { type: 'boolean' },
  verbose: { type: 'boolean' },
} as const;

const Path = z
  .string({ error: 'missing' })
  .min(1, 'must name a path')
  .refine((p) => !p.includes('\u0000'), 'holds a NUL');
const Url = z.string({ error: 'missing' }).refine((u) => URL.canParse(u), 'must be a URL such as http://127.0.0.1:4600');
const Seed = z.string().regex(/^\d{1,15}$/, 'must be a whole number');
const Count = (most: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= 1 && n <= most, `must be 1 to ${most}`);

async function run(args: string[], io: CommandIo): Promise<number> {
  const { values } = readFlags(args, FLAGS);
  const server = readValue('--server', Url, values.server);
  const tokenFile = readValue('--enrol-token-file', Path, values['enrol-token-file']);
  const dir = readValue('--dir', Path, values.dir);
  if (!existsSync(tokenFile)) throw new CommandError(`--enrol-token-file: ${tokenFile} does not exist`);
  const computers = values.computers === undefined ? USUAL.computers : readValue('--computers', Count(256), values.computers);
  const phones = values.phones === undefined ? USUAL.phones : readValue('--phones', Count(1_024), values.phones);
  const say = (entry: object) =>
    io.err(JSON.stringify({ time: new Date().toISOString(), ...entry }, (_k, v: unknown) => (typeof v === 'string' ? printable(v) : v)));
  const fleet = await blame(
    startFleet({
      server,
      tokenFile,
      dir,
      computers,
      phones,
      seed: values.seed === undefined ? '1' : readValue('--seed', Seed, values.seed),
      calm: values.calm ?? false,
      control: values.control === undefined ? null : readValue('--control', Path, values.control),
      log: (computer, level, msg, fields) => {
        if (level !== 'info' || values.verbose) say({ level, computer, msg, ...fields });
      },
      note: (what) => {
        if (values.verbose) say({ level: 'info', msg: 'trouble', ...what });
      },
    }),
  );
  io.out(`ready ${computers} computers ${phones} phones`);
  await new Promise<void>((done) => {
    if (io.stop.aborted) done();
    io.stop.addEventListener('abort', () => done(), { once: true });
  });
  await fleet.close();
  return EXIT.ok;
}

/** What a person can mend, as a sentence. */
async function blame<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LinkError) {
      const code =
        error.code === 'unreachable' || error.code === 'bad-answer'
          ? EXIT.unavailable
          : error.code === 'bad-url' || error.code === 'bad-token' || error.code === 'plain-text'
            ? EXIT.usage
            : EXIT.notPermitted;
      throw new CommandError(error.message, code, { cause: error });
    }
    if (error instanceof ListenError) throw new CommandError(`--control: ${error.message}`, EXIT.unavailable, { cause: error });
    throw error;
  }
}

/** `lockstep-lab fleet`: a company of simulated computers, each with phones and a real agent, until it is stopped. */
export const fleetCommand: Command = {
  usage:
    '--server URL --enrol-token-file FILE --dir DIR [--control FILE.sock] [--seed N] [--computers N] [--phones N] [--calm] [--verbose]',
  summary: 'run simulated computers with real agents against a server; prints "ready N computers M phones"',
  run,
};
