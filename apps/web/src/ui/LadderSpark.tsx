import { LAYERS, type RungState } from '@lockstep/core/health';
import { MarkShape } from './Mark.js';
import { LAYER_WORDS, RUNG_WORDS } from './vocabulary.js';

const STEP = 13;

/** What the eight marks say, in words: the first rung that is not fine, and how many are proven below it. */
export function sparkWords(rungs: readonly RungState[]): string {
  const trouble = rungs.findIndex((r) => r === 'broken' || r === 'waiting' || r === 'degraded' || r === 'unknown');
  const proven = rungs.filter((r) => r === 'ok').length;
  const layer = LAYERS[trouble];
  const state = rungs[trouble];
  if (layer === undefined || state === undefined) return `Ladder: ${proven} rungs proven.`;
  return `Ladder: ${LAYER_WORDS[layer].name} ${RUNG_WORDS[state]}; ${proven} rungs proven.`;
}

/** The ladder as eight small marks, host at the left, sync at the right. An away pair's ladder is history and is drawn faint. */
export function LadderSpark({ rungs, away = false }: { rungs: readonly RungState[]; away?: boolean }) {
  const words = sparkWords(rungs);
  const end = rungs.findIndex((r) => r === 'broken' || r === 'waiting' || r === 'not-reached');
  const solid = end === -1 ? rungs.length - 1 : end;
  const x = (i: number) => i * STEP + 6;
  return (
    <svg
      viewBox={`0 0 ${STEP * 7 + 12} 12`}
      width={STEP * 7 + 12}
      height={12}
      role="img"
      aria-label={words}
      style={{ opacity: away ? 0.45 : 1, display: 'block' }}
    >
      <title>{words}</title>
      <line x1={x(0)} y1="6" x2={x(solid)} y2="6" stroke="var(--ls-line-strong)" strokeWidth="1" />
      {solid < rungs.length - 1 && (
        <line x1={x(solid)} y1="6" x2={x(rungs.length - 1)} y2="6" stroke="var(--ls-line)" strokeWidth="1" strokeDasharray="2 2" />
      )}
      {rungs.map((state, i) => {
        const scale = state === 'broken' || state === 'waiting' ? 1 : 0.78;
        return (
          <g key={LAYERS[i]} transform={`translate(${x(i) - 6 * scale} ${6 - 6 * scale}) scale(${scale})`}>
            {state !== 'not-needed' && <circle cx="6" cy="6" r="6" fill="var(--row-ground, var(--ls-bg))" />}
            <MarkShape kind={state} />
          </g>
        );
      })}
    </svg>
  );
}
