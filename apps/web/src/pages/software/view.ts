import { COMPATIBILITY_OUTCOMES, type CompatibilityOutcome, versionOf } from '@lockstep/core/software';

/** What the page shows: exactly what its address says. */
export interface GateView {
  /** The iOS that is asked about; null: the newest that is known. */
  ios: string | null;
  outcome: CompatibilityOutcome | null;
}

/** The view as query parameters; what is as it always is is left out. */
export type SoftwareSearch = Partial<Record<keyof GateView, string>>;

/** Reads an address. What it does not understand it leaves out. */
export function parseGate(search: Record<string, unknown>): GateView {
  const text = (k: string) => (typeof search[k] === 'string' ? (search[k] as string).trim() : '');
  const ios = text('ios');
  return {
    ios: ios.length <= 64 && versionOf(ios) !== null ? ios : null,
    outcome: COMPATIBILITY_OUTCOMES.find((o) => o === text('outcome')) ?? null,
  };
}

/** Writes an address. */
export function gateSearch(view: GateView): SoftwareSearch {
  return { ...(view.ios === null ? {} : { ios: view.ios }), ...(view.outcome === null ? {} : { outcome: view.outcome }) };
}
