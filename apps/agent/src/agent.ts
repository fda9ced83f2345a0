import type { Fact } from '@lockstep/core/health';
import type { HostLabel } from '@lockstep/core/protocol';
import { MuxClient } from './device/index.js';
import {
  ActionCap,
  askVerifying,
  type FixTools,
  KeptStore,
  purgeExportedDrivers,
  ROLLBACKS,
  type RollbackReport,
  Rollbacks,
  runFix,
  UndoStore,
  WAITS,
  type Waits,
} from './fixes/index.js';
import { Link, type LinkLog, type LinkOptions, type LinkStatus, type OrderedRun, type RunResult } from './link/index.js';
import type { Machine, Network } from './machine/index.js';
import { type ProbeContext, runProbes } from './probes/index.js';
import { scrubLines } from './record/index.js';
import { AGENT_VERSION } from './version.js';
import { type Cadence, KnownPhones, Watcher } from './watch/index.js';

export interface AgentOptions {
  machine: Machine;
  /** Key, enrolment, spool, journal, undo copies, what fixes replaced. Enrolled before the agent is started. */
  dir: string;
  /** Another address of the same server; by default the one it was enrolled at. */
  server?: string;
  log: LinkLog;
  /** Shorter times, for labs and tests. */
  cadence?: Partial<Cadence>;
  waits?: Partial<Waits>;
  link?: Pick<LinkOptions, 'timing' | 'random' | 'limits'>;
  /** The network that probes may ask (names on the local network, Apple's servers). Left out, nobody is contacted: labs, tests. */
  network?: Network;
  /** How often is told that unchanged facts were looked at again, and how often the whole picture is told, ms. */
  stillMs?: number;
  fullMs?: number;
}

/** A running agent. */
export interface Agent {
  /** Begins to look and to connect. Rejects with a LinkError when this computer is not enrolled or its files cannot be used. */
  start(): Promise<void>;
  /** Waits a moment for a fix under way, hangs up, leaves everything durable. */
  stop(): Promise<void>;
  /** Every probe once, apart from the cadence. */
  probeOnce(): Promise<Fact[]>;
  status(): LinkStatus;
}

/** Servers call a reading stale after three minutes without a word (core diagnosis MAX_AGE_MS); one word a minute leaves room for two lost ones. */
export const STILL_MS = 60_000;
/** Mends whatever drifted apart. With a phone it is some 12 KB; with a `still` a minute (7 KB an hour) an idle hour stays well under 20 KB. */
export const FULL_MS = 3 * 3_600_000;

/** Puts the rooms together: looks, tells, carries out orders. Used by `run` and by the lab, which hands in simulated computers. */
export function createAgent(options: AgentOptions): Agent {
  const { machine, dir, log } = options;
  const now = () => machine.now();
  const mux = new MuxClient({ open: () => machine.openMux() });
  const cap = new ActionCap(dir, now);
  const timers: NodeJS.Timeout[] = [];
  const stopping = new AbortController();
  let link: Link | null = null;
  let watcher: Watcher | null = null;
  let stores: Stores | null = null;

  const ctx: ProbeContext = {
    machine,
    mux,
    agent: AGENT_VERSION,
    outbox: () => link?.status().outbox ?? { waiting: 0, dropped: 0 },
    ...(options.network ? { network: options.network } : {}),
    serverOffsetMs: () => link?.status().offsetMs ?? null,
    onCrash: (probe, error) => log('error', 'a probe died', { probe, error: words(error) }),
  };

  const report = (facts: readonly Fact[]) => {
    if (link && link.status().state !== 'stopped') link.report(facts);
  };

  /** Carries out one verified order, alone with the phone it is about, and takes what it read into the picture. */
  async function carryOut({ order, progress }: OrderedRun): Promise<RunResult> {
    const held = watcher;
    if (!held || !stores) throw new Error('the agent is not started');
    const free = await held.hold(order.udid);
    try {
      const end = await runFix(
        { fix: order.fix, udid: order.udid, clearance: order.clearance },
        {
          ctx,
          cap,
          ...stores,
          scrub: scrubLines,
          progress,
          waits: { ...WAITS, ...options.waits },
          signal: stopping.signal,
          tell: (facts) => held.take(facts),
        },
      );
      held.remember(end.facts);
      return end;
    } finally {
      free();
    }
  }

  async function probeOnce(): Promise<Fact[]> {
    return await runProbes(ctx, watcher?.known() ?? [], stopping.signal);
  }

  async function purge(): Promise<void> {
    try {
      const removed =
        stores === null ? 0 : (await stores.undo.purge()) + (await stores.kept.purge()) + (await purgeExportedDrivers(dir, now()));
      if (removed > 0) log('info', 'old copies of what fixes replaced were removed', { removed });
    } catch (error) {
      log('error', 'old copies of what fixes replaced could not be removed', { error: words(error) });
    }
  }

  /** Where fixes keep what they replace, and what they have taken back by time. */
  function open(lab: boolean): Stores {
    const rollbacks = new Rollbacks({
      dir,
      lab,
      machine,
      kinds: ROLLBACKS,
      onEnd: (ended) => {
        tookBack(ended).catch((error) => log('error', 'a look broke', { error: words(error) }));
      },
      onDamaged: (file) => log('error', 'a rollback cannot be read, what it would have taken back is left', { file }),
    });
    return { undo: new UndoStore(dir, lab, now), kept: new KeptStore(dir, lab, now), rollbacks };
  }

  /** Says so, and how it stands now: what the fix was verified by may not be true any more. */
  async function tookBack({ end, ...what }: RollbackReport): Promise<void> {
    const level = end === 'failed' ? 'error' : end === 'restored' || end === 'already' ? 'info' : 'warn';
    log(level, 'what a fix had changed for a while was taken back', { end, ...what });
    if (!watcher || stopping.signal.aborted) return;
    watcher.take(await askVerifying(what.fix, ctx, watcher.known(), stopping.signal));
  }

  /** What the last run of this agent had armed and did not live to carry out: as soon as this one alone has the folder. */
  async function takeBack(): Promise<void> {
    try {
      await stores?.rollbacks.start();
    } catch (error) {
      log('error', 'what fixes had changed for a while could not be taken back', { error: words(error) });
    }
  }

  return {
    async start() {
      if (link) return;
      const me = await machine.identity();
      const { hostname, os, osVersion, arch } = me;
      const host: HostLabel = { hostname, os, osVersion, arch, agent: AGENT_VERSION };
      stores = open(me.lab);
      const started = new Link({
        dir,
        log,
        host: () => host,
        ...(options.server === undefined ? {} : { server: options.server }),
        ...options.link,
        onOrder: carryOut,
        onHalfDone: probeOnce,
        onFullPicture: async () => (await watcher?.everything()) ?? [],
      });
      const looking = new Watcher({
        ctx,
        known: new KnownPhones(dir, now),
        ...(options.cadence ? { cadence: options.cadence } : {}),
        report,
        broke: (error) => log('error', 'a look broke', { error: words(error) }),
        limited: ({ mode, because, rssMb, cpuPercent }) =>
          log(mode === 'all' ? 'info' : 'warn', mode === 'all' ? 'everything is looked at again' : 'only essentials are looked at', {
            because,
            rssMb,
            cpuPercent,
          }),
      });
      // The watcher first: the link may ask for the whole picture as soon as it is up.
      watcher = looking;
      link = started;
      try {
        started.start();
      } catch (error) {
        link = null;
        watcher = null;
        throw error;
      }
      looking.start();
      await takeBack();
      await purge();
      timers.push(
        setInterval(() => {
          const still = looking.still();
          if (still) started.still(still.at, still.except, still.slow);
        }, options.stillMs ?? STILL_MS),
        setInterval(() => {
          void looking.everything().then((facts) => link && started.report(facts, { full: true }));
          void purge();
        }, options.fullMs ?? FULL_MS),
      );
    },

    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      stopping.abort();
      await stores?.rollbacks.stop();
      await watcher?.stop();
      await link?.stop();
      link = null;
    },

    probeOnce,

    status: () =>
      link?.status() ?? {
        state: 'stopped',
        server: null,
        hostId: null,
        epoch: null,
        lastEnd: null,
        advice: null,
        offsetMs: null,
        runs: 0,
        outbox: { waiting: 0, dropped: 0, disk: 'ok' },
      },
  };
}

type Stores = Pick<FixTools, 'undo' | 'kept' | 'rollbacks'>;

function words(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
