/**
 * A cause that opened and closed this often within this time comes and goes: each single proof that it is gone is worth little then. Four an hour is
 * what field engineers call flapping, and more than a person plugs a phone in and out.
 */
export const UNSTABLE = { times: 4, withinMs: 3_600_000 } as const;

/**
 * How long such a cause has to stay proven gone, without a break, before it closes, ms: at four an hour it returns every fifteen minutes, so twice
 * that without it is news.
 */
export const QUIET_MS = 1_800_000;

/** What we move ourselves settles within this after a fix that drops phones or restarts what lists them, ms. */
export const OWN_FIX_MS = 90_000;
/** After a tap on Trust a phone leaves and comes back within this, ms. */
export const OWN_TAP_MS = 60_000;

/** Fixes that drop phones or restart what lists them: device node, multiplexer, discovery agents, the computer itself. */
const STIRRING: ReadonlySet<string> = new Set(['F05', 'F08', 'F17', 'F24']);

/** What is known of one finding that is open. Times in ms. */
export interface Spells {
  /** When it was closed before, our own doing left out, in any order. */
  closedAt: readonly number[];
  /** Since when it is frozen; null: it is not. */
  unstableAt: number | null;
  /** Since when it is proven gone without a break, while it is frozen. */
  quietAt: number | null;
}

/**
 * Whether a proof that an open finding is gone does not close it now: it is frozen and was not quiet for long enough, or this would be its fourth
 * closing within an hour.
 */
export function isUnstable({ closedAt, unstableAt, quietAt }: Spells, now: number): boolean {
  if (unstableAt !== null) return quietAt === null || quietAt + QUIET_MS > now;
  let closings = 1;
  for (const at of closedAt) if (at <= now && now - at < UNSTABLE.withinMs) closings++;
  return closings >= UNSTABLE.times;
}

/** What may have moved a phone without its doing. Times in ms; null: nothing of the kind. */
export interface OwnDoing {
  /** Fixes that were judged, and one that came back just now. */
  tried: readonly { fix: string; at: number }[];
  /** When an order came back last, whatever it did; what it stirred up is told with it. */
  settledAt: number | null;
  /** When the phone accepted a pairing, or somebody said that Trust was tapped. */
  tappedAt: number | null;
}

/** Whether what closed now closed because of what we did ourselves: that is no coming and going. */
export function isOwnDoing({ tried, settledAt, tappedAt }: OwnDoing, now: number): boolean {
  const within = (at: number | null, ms: number) => at !== null && now >= at && now - at < ms;
  if (within(settledAt, OWN_FIX_MS) || within(tappedAt, OWN_TAP_MS)) return true;
  return tried.some((t) => STIRRING.has(t.fix) && within(t.at, OWN_FIX_MS));
}
