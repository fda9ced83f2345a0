import { type FactKind, type FailReason, type Layer, printable, type RungState } from '@lockstep/core/health';
import { Tooltip } from '@mantine/core';
import { type ReactNode, type Ref, useId, useImperativeHandle, useRef, useState } from 'react';
import { Age } from './Age.js';
import { Fade } from './Fade.js';
import styles from './Ladder.module.css';
import { absolute } from './lengths.js';
import { Mark } from './Mark.js';
import { rawText } from './raw.js';
import { LAYER_WORDS, RUNG_WORDS } from './vocabulary.js';

/** What the ladder shows of one rung. */
export interface LadderRung {
  layer: Layer;
  state: RungState;
  reading: string;
  kind: FactKind | null;
  probe: string | null;
  seenAt: string | null;
  failure: FailReason | null;
  fact?: unknown;
}

export interface LadderHandle {
  move: (by: 1 | -1) => void;
}

const TROUBLE: readonly RungState[] = ['broken', 'waiting', 'degraded'];

/**
 * Height of the rung that is shown loud: the lowest that is broken or waits for a person, else the lowest degraded one; -1 when there is none.
 */
export function loudRung(rungs: readonly { state: RungState }[]): number {
  const stop = rungs.findIndex((r) => r.state === 'broken' || r.state === 'waiting');
  return stop !== -1 ? stop : rungs.findIndex((r) => TROUBLE.includes(r.state));
}

const WORDS = {
  label: 'Ladder, sync at the top, host at the bottom',
  kind: 'Fact',
  probe: 'Probe',
  seen: 'Last look',
  failure: 'Why it could not be read',
  none: 'No fact stands behind this rung.',
  notReached: 'Nothing was asked here: a lower rung stops it.',
};

/**
 * The eight rungs, host at the bottom. `rungs` come lowest first; hover, focus and expanding show what stands behind each, and there what
 * the page has to say `about` its reading.
 */
export function Ladder({
  rungs,
  handle,
  about,
}: {
  rungs: readonly LadderRung[];
  handle?: Ref<LadderHandle>;
  about?: (reading: string) => ReactNode;
}) {
  const list = useRef<HTMLOListElement>(null);
  const loud = loudRung(rungs);
  useImperativeHandle(handle, () => ({
    move: (by) => {
      const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>('button[aria-expanded]') ?? [])];
      const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
      const start = loud === -1 ? 0 : rungs.length - 1 - loud;
      buttons[at === -1 ? start : Math.min(buttons.length - 1, Math.max(0, at + by))]?.focus();
    },
  }));
  return (
    <ol ref={list} className={styles.ladder} aria-label={WORDS.label} data-testid="ladder" reversed>
      {[...rungs].reverse().map((rung, i) => {
        const height = rungs.length - 1 - i;
        return <Rung key={rung.layer} rung={rung} loud={height === loud} above={loud !== -1 && height > loud} about={about} />;
      })}
    </ol>
  );
}

/** The part of a stored fact that was read; the whole fact when it has none. */
function readingIn(fact: unknown): unknown {
  return typeof fact === 'object' && fact !== null && 'reading' in fact ? fact.reading : fact;
}

function Rung({
  rung,
  loud,
  above,
  about,
}: {
  rung: LadderRung;
  loud: boolean;
  above: boolean;
  about: ((reading: string) => ReactNode) | undefined;
}) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { name, plain } = LAYER_WORDS[rung.layer];
  const quiet = rung.state === 'not-reached' || rung.state === 'not-needed';
  const wordStyle = quiet ? styles.quietWord : styles[rung.state];
  const shape = loud ? styles.loud : `${above ? styles.above : ''} ${quiet ? styles.quiet : ''}`;
  const size = loud ? 18 : 14;
  const reading = printable(rung.reading);
  const raw = rawText(readingIn(rung.fact), 0, 280);
  const tip = (
    <span className={styles.tip}>
      <span>{rung.probe ? `${WORDS.probe}: ${rung.probe}` : rung.state === 'not-reached' ? WORDS.notReached : WORDS.none}</span>
      {rung.seenAt && <span>{`${WORDS.seen}: ${absolute(rung.seenAt)}`}</span>}
      {raw && <code>{raw}</code>}
    </span>
  );
  return (
    <li
      className={`${styles.rung} ${shape} ${rung.state === 'unknown' && !loud ? styles.hatched : ''}`}
      data-layer={rung.layer}
      data-state={rung.state}
      data-testid={`rung-${rung.layer}`}
    >
      <span className={styles.rails} aria-hidden="true" />
      <Tooltip
        label={tip}
        multiline
        w={380}
        position="right-start"
        offset={10}
        openDelay={350}
        events={{ hover: true, focus: true, touch: false }}
        disabled={open}
      >
        <button type="button" className={styles.button} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          <span className={styles.mark}>
            {rung.seenAt === null ? (
              <Mark kind={rung.state} size={size} />
            ) : (
              <Fade at={rung.seenAt}>
                <Mark kind={rung.state} size={size} />
              </Fade>
            )}
          </span>
          <span className={styles.name}>
            {name}
            <span className={styles.plain}>{plain}</span>
          </span>
          <span className={`${styles.word} ${wordStyle}`}>
            {rung.seenAt === null ? RUNG_WORDS[rung.state] : <Fade at={rung.seenAt}>{RUNG_WORDS[rung.state]}</Fade>}
          </span>
          <span className={styles.reading}>{reading}</span>
          <span className={styles.age}>{rung.seenAt && <Age at={rung.seenAt} look />}</span>
          <span className={styles.chevron} aria-hidden="true">
            ›
          </span>
        </button>
      </Tooltip>
      <div id={id} className={styles.evidence} hidden={!open} style={open ? undefined : { display: 'none' }}>
        {rung.kind === null && rung.probe === null ? (
          <p>{rung.state === 'not-reached' ? WORDS.notReached : WORDS.none}</p>
        ) : (
          <dl>
            <dt>{WORDS.kind}</dt>
            <dd className="ls-mono">{rung.kind ?? '–'}</dd>
            <dt>{WORDS.probe}</dt>
            <dd className="ls-mono">{rung.probe ?? '–'}</dd>
            <dt>{WORDS.seen}</dt>
            <dd>{rung.seenAt ? absolute(rung.seenAt) : '–'}</dd>
            {rung.failure && (
              <>
                <dt>{WORDS.failure}</dt>
                <dd className="ls-mono">{rung.failure}</dd>
              </>
            )}
          </dl>
        )}
        {about?.(rung.reading)}
        {rung.fact !== null && rung.fact !== undefined && <pre data-testid="raw-fact">{rawText(rung.fact)}</pre>}
      </div>
    </li>
  );
}
