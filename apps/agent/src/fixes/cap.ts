import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AGENT_FIX_IDS, type AgentFixId, DISRUPTIVE_GAP_MS, DISRUPTIVE_PER_DAY, FIXES } from '@lockstep/core/fixes';
import { Udid } from '@lockstep/core/health';
import { z } from 'zod';

const DAY_MS = 86_400_000;

const Entry = z.object({ fix: z.enum(AGENT_FIX_IDS), udid: Udid.nullable(), at: z.number().finite() });
type Entry = z.infer<typeof Entry>;
const Log = z.object({ schema: z.literal(1), runs: z.array(Entry).max(4_096) });

/**
 * When this computer last acted, kept on disk: the agent's own cap holds whatever the server orders, and across restarts. At most one
 * disruptive fix in ten minutes, two of one kind a day, and each fix's own pause on the same phone (core fixes).
 */
export class ActionCap {
  private readonly path: string;

  constructor(
    dir: string,
    private readonly now: () => number,
  ) {
    this.path = join(dir, 'actions.json');
  }

  /** Null when the fix may act now, else a word for what forbids it. */
  async forbids(fix: AgentFixId, udid: Udid | null): Promise<'disruptive-cap' | 'daily-cap' | 'cooldown' | null> {
    const now = this.now();
    const runs = await this.runs();
    const ago = (e: Entry) => now - e.at;
    if (runs.some((e) => e.fix === fix && e.udid === udid && ago(e) < FIXES[fix].cooldownS * 1_000)) return 'cooldown';
    if (FIXES[fix].risk === 'safe') return null;
    const disruptive = runs.filter((e) => FIXES[e.fix].risk !== 'safe');
    if (disruptive.some((e) => ago(e) < DISRUPTIVE_GAP_MS)) return 'disruptive-cap';
    return disruptive.filter((e) => e.fix === fix && ago(e) < DAY_MS).length >= DISRUPTIVE_PER_DAY ? 'daily-cap' : null;
  }

  /** Writes down that the fix acts, before it does. Throws what the disk throws; then nothing may be touched. */
  async acts(fix: AgentFixId, udid: Udid | null): Promise<void> {
    const now = this.now();
    await this.write([...(await this.runs()).filter((e) => now - e.at < DAY_MS), { fix, udid, at: now }]);
  }

  /** Whether one of these fixes acted on this phone within a day. A damaged file says nothing of any phone. */
  async hasTried(fixes: readonly AgentFixId[], udid: Udid | null): Promise<boolean> {
    const now = this.now();
    return (await this.runs()).some((e) => fixes.includes(e.fix) && e.udid === udid && now - e.at < DAY_MS);
  }

  private async write(runs: Entry[]): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const next = `${this.path}.next`;
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify({ schema: 1, runs } satisfies z.infer<typeof Log>));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, this.path);
  }

  private async runs(): Promise<Entry[]> {
    const now = this.now();
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw e;
    }
    const log = Log.safeParse(parseJson(text));
    if (!log.success) {
      // What a damaged file held is not known, so the cautious reading counts: everything was done when it was last written.
      const at = Math.min(now, (await stat(this.path)).mtimeMs);
      return AGENT_FIX_IDS.map((fix) => ({ fix, udid: null, at }));
    }
    if (log.data.runs.every((e) => e.at <= now)) return log.data.runs;
    // A clock that was set back must not lock the fixes out for as long as it was ahead: those runs count from now on.
    const runs = log.data.runs.map((e) => ({ ...e, at: Math.min(e.at, now) }));
    await this.write(runs);
    return runs;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
