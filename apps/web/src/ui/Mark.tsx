import type { Health, RungState } from '@lockstep/core/health';

/** A shape of the console. `away` is an outline; the other kinds are healths and rung states. */
export type MarkKind = Health | RungState | 'away';

const INK: Record<MarkKind, string> = {
  healthy: 'var(--ls-healthy)',
  ok: 'var(--ls-healthy)',
  degraded: 'var(--ls-degraded)',
  broken: 'var(--ls-broken)',
  waiting: 'var(--ls-waiting)',
  unknown: 'var(--ls-unknown)',
  'not-reached': 'var(--ls-line-strong)',
  'not-needed': 'var(--ls-line-strong)',
  away: 'var(--ls-unknown)',
};

/** Chords of a circle of radius 5 around (6, 6) at 45 degrees: the hatching that says nobody knows. */
const HATCH = [-3, 0, 3]
  .map((d) => {
    const half = Math.sqrt(25 - d * d);
    const [cx, cy] = [6 + d * Math.SQRT1_2, 6 + d * Math.SQRT1_2];
    const at = (n: number) => n.toFixed(2);
    return `M${at(cx - half * Math.SQRT1_2)} ${at(cy + half * Math.SQRT1_2)}L${at(cx + half * Math.SQRT1_2)} ${at(cy - half * Math.SQRT1_2)}`;
  })
  .join('');

/** The shape alone, in a 12 by 12 box, for drawings that hold several. Colour never stands alone: each kind has its own outline. */
export function MarkShape({ kind }: { kind: MarkKind }) {
  const ink = INK[kind];
  switch (kind) {
    case 'healthy':
    case 'ok':
      return <circle cx="6" cy="6" r="5" fill={ink} />;
    case 'degraded':
      return (
        <>
          <circle cx="6" cy="6" r="4.3" fill="none" stroke={ink} strokeWidth="1.4" />
          <path d="M6 1.7a4.3 4.3 0 0 0 0 8.6z" fill={ink} />
        </>
      );
    case 'broken':
      return <rect x="1" y="1" width="10" height="10" rx="0.5" fill={ink} />;
    case 'waiting':
      return (
        <path
          d="M6 3.4V6l1.9 1.6M6 1.4a4.6 4.6 0 1 1 0 9.2a4.6 4.6 0 0 1 0-9.2z"
          fill="none"
          stroke={ink}
          strokeWidth="1.4"
          strokeLinecap="round"
        />
      );
    case 'unknown':
      return (
        <>
          <path d={HATCH} stroke={ink} strokeWidth="1" fill="none" />
          <circle cx="6" cy="6" r="5" fill="none" stroke={ink} strokeWidth="1.2" strokeDasharray="2 1.6" />
        </>
      );
    case 'not-reached':
      return <circle cx="6" cy="6" r="3" fill="var(--ls-bg)" stroke={ink} strokeWidth="1.2" />;
    case 'not-needed':
      return <circle cx="6" cy="6" r="1.6" fill={ink} />;
    case 'away':
      return <rect x="1.2" y="3.2" width="9.6" height="5.6" rx="2.8" fill="none" stroke={ink} strokeWidth="1.2" />;
  }
}

/** A shape of its own, beside the word that names it (so it is hidden from readers of the word). */
export function Mark({ kind, size = 12 }: { kind: MarkKind; size?: number }) {
  return (
    <svg viewBox="0 0 12 12" width={size} height={size} aria-hidden="true" focusable="false" style={{ flex: 'none', display: 'block' }}>
      <MarkShape kind={kind} />
    </svg>
  );
}
