import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LinkLog } from '@lockstep/agent';
import { newPairingKeys, type PairingKeys } from '@lockstep/agent/device';
import { Seeded } from '../phone/index.js';
import { FleetControl } from './fleet-control.js';
import { Member, type MemberOptions } from './member.js';
import { planFleet } from './names.js';
import { type ScriptNote, TroubleScript } from './script.js';

export interface FleetOptions {
  /** `http://127.0.0.1:4600`, or https. */
  server: string;
  tokenFile: string;
  /** Everything the fleet remembers: a second start with the same folder is the same fleet, enrolled and paired. */
  dir: string;
  computers?: number;
  phones?: number;
  seed?: string;
  /** Nothing goes wrong by itself. */
  calm?: boolean;
  /** A socket for JSON lines. */
  control?: string | null;
  log?: (computer: string, ...entry: Parameters<LinkLog>) => void;
  note?: (what: ScriptNote) => void;
  agent?: MemberOptions['agent'];
}

export interface Fleet {
  readonly members: readonly Member[];
  member(name: string): Member | undefined;
  close(): Promise<void>;
}

/** Computers that are started at the same time: what a new phone costs is 0.1 s of a processor, for its key. */
const AT_ONCE = 2;
/** A company of usual size: enough for filters, pages and a story on each of them. */
export const USUAL = { computers: 14, phones: 18 } as const;

/** Starts a company: computers with phones, a real agent on each, and trouble that comes and goes. Resolves when every agent was started. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const seedText = `fleet/${options.seed ?? '1'}`;
  const seed = new Seeded(seedText);
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const plan = planFleet(seed.fork('plan'), options.computers ?? USUAL.computers, options.phones ?? USUAL.phones);
  // Made by the first new phone, for all of them: a fleet that is there already makes none.
  let made: Promise<PairingKeys> | null = null;
  const keys = () => {
    made ??= newPairingKeys();
    return made;
  };
  const members = plan.map(
    (p) =>
      new Member({
        plan: p,
        seed: seed.fork(p.name),
        seedText: `${seedText}/${p.name}`,
        dir: join(options.dir, p.name),
        server: options.server,
        tokenFile: options.tokenFile,
        keys,
        log: (...entry) => options.log?.(p.name, ...entry),
        ...(options.agent ? { agent: options.agent } : {}),
      }),
  );
  const script = new TroubleScript(members, seed.fork('script'), options.note ?? (() => {}));
  const control = options.control ? new FleetControl(members, options.control) : null;
  const close = async () => {
    await script.stop();
    await control?.close();
    await Promise.all(members.map((m) => m.powerOff()));
  };
  try {
    const waiting = [...members];
    const lane = async () => {
      for (let m = waiting.shift(); m; m = waiting.shift()) {
        await m.powerOn();
        await m.join();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    await control?.listen();
  } catch (error) {
    await close();
    throw error;
  }
  if (!options.calm) script.start();
  return { members, member: (name) => members.find((m) => m.name === name), close };
}
