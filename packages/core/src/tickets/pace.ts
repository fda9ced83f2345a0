/** How patient the desk is. */
export interface Pace {
  /** One hold-off for all causes that file at all, ms; null: each family's own. */
  holdOffMs: number | null;
  /** How long a cause has to stay proven gone before its ticket closes, ms. */
  dwellMs: number;
  /** A cause that returns this soon after its ticket closed reopens that ticket, ms; later it gets a new one, linked to the old. */
  reopenMs: number;
}

/**
 * Ten minutes are some twenty looks at a trusted session (an agent looks every 30 s) and outlast what a restart or a new pairing stirs up
 * (90 s). A day is the reopen window of ticket systems.
 */
export const DEFAULT_PACE: Pace = { holdOffMs: null, dwellMs: 600_000, reopenMs: 86_400_000 };

/** A cause that opened this often within this time comes and goes: it is filed at once, because its hold-off would never run out. */
export const FLAP = { times: 4, withinMs: 3_600_000 } as const;
