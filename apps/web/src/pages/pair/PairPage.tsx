import { printable } from '@lockstep/core/health';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { DEFAULT_VIEW, isOver, pairQuery, searchOf, sessionQuery, useRowMemory, useWatch } from '../../live/index.js';
import {
  Age,
  HEALTH_WORDS,
  Ladder,
  type LadderHandle,
  LoadingRows,
  Name,
  OS_WORDS,
  PRESENCE_WORDS,
  Sentence,
  useCommands,
} from '../../ui/index.js';
import { CodeLink } from '../codes/index.js';
import { Problem } from '../Problem.js';
import { WORDS as FRAME } from '../words.js';
import { Cause, OtherFindings } from './Cause.js';
import { Fixes } from './Fixes.js';
import { GuidedRuns } from './Guided.js';
import { Runs, Timeline } from './History.js';
import styles from './Pair.module.css';
import { Possible } from './Possible.js';
import { RunStory } from './RunStory.js';
import { WORDS } from './words.js';

/** A finished run stays in view as a story this long, ms: until whoever asked has read how it went. */
const STORY_MS = 10 * 60_000;

/** One pair: what is wrong, why it is thought so, what can be done, and what has been. */
export function PairPage() {
  const { pairId } = useParams({ from: '/frame/pairs/$pairId' });
  useWatch(pairId);
  const memory = useRowMemory();
  const detail = useQuery(pairQuery(pairId, memory));
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const ladder = useRef<LadderHandle>(null);
  const pair = detail.data?.pair;
  useCommands({
    next: () => ladder.current?.move(1),
    previous: () => ladder.current?.move(-1),
    actions: () => document.querySelector<HTMLElement>('[data-testid="fixes"] button')?.focus(),
  });
  useEffect(() => {
    const state = pair && (pair.presence === 'attached' ? HEALTH_WORDS[pair.health].word : PRESENCE_WORDS[pair.presence]);
    document.title = pair ? `${printable(pair.deviceName)}: ${state}. ${FRAME.product}` : FRAME.product;
  }, [pair]);

  if (!detail.data || !pair) {
    return (
      <div style={{ padding: '24px var(--ls-gutter)' }}>
        {detail.isError ? (
          <Problem error={detail.error} onRetry={() => void detail.refetch()} />
        ) : (
          <LoadingRows rows={10} label={WORDS.loading} />
        )}
      </div>
    );
  }
  const { runs, target } = detail.data;
  const role = session.data?.person.role ?? 'viewer';
  const newest = runs[0];
  // One is under way at most; others may wait for a yes beside it.
  const open = runs
    .filter((r) => !isOver(r.state))
    .sort((a, b) => Number(a.state === 'awaiting-approval') - Number(b.state === 'awaiting-approval'));
  const told = open.length > 0 ? open : newest && Date.now() - Date.parse(newest.judgedAt ?? newest.askedAt) < STORY_MS ? [newest] : [];
  const away = pair.presence !== 'attached';
  return (
    <div className={away ? styles.away : undefined} data-testid="pair" data-health={pair.health} data-presence={pair.presence}>
      <header className={styles.head}>
        <p className={styles.crumb}>
          <Link to="/">{WORDS.fleet}</Link> /{' '}
          <Link to="/" search={searchOf({ ...DEFAULT_VIEW, host: pair.hostId })} title={WORDS.facts.onlyHost}>
            <Name of={pair.hostName} />
          </Link>
        </p>
        <Sentence {...pair} />
        <dl className={styles.facts}>
          <div>
            <dt>{WORDS.facts.model}</dt>
            <dd>
              <Name of={pair.model} fallback="–" />
            </dd>
          </div>
          <div>
            <dt>{WORDS.facts.ios}</dt>
            <dd>
              <Name of={pair.iosVersion} fallback="–" />
            </dd>
          </div>
          <div>
            <dt>{WORDS.facts.udid}</dt>
            <dd className="ls-mono" style={{ lineHeight: '20px' }}>
              {pair.udid}
            </dd>
          </div>
          <div>
            <dt>{WORDS.facts.connection}</dt>
            <dd>
              {OS_WORDS[pair.os]}, {pair.connected ? WORDS.facts.connected : WORDS.facts.offline}
            </dd>
          </div>
          <div>
            <dt>{WORDS.facts.seen}</dt>
            <dd>
              <Age at={pair.seenAt} look />
            </dd>
          </div>
          {detail.data.tickets.map((t) => (
            <div key={t.id}>
              <dt>{t.onHost ? WORDS.facts.hostTicket : WORDS.facts.ticket}</dt>
              <dd>
                <Link to="/tickets/$ticketId" params={{ ticketId: t.id }} title={printable(t.title)} data-testid="pair-ticket">
                  {WORDS.facts.ticketNumber(t.number)}
                </Link>
              </dd>
            </div>
          ))}
        </dl>
      </header>
      <div className={styles.columns}>
        <div className={styles.column}>
          <section className={styles.section} aria-labelledby="ladder">
            <h2 id="ladder">{WORDS.ladder}</h2>
            <div className={styles.ladderWrap}>
              <Ladder rungs={detail.data.ladder} handle={ladder} about={(reading) => <CodeLink reading={reading} />} />
            </div>
          </section>
          <Runs runs={runs} />
          <Timeline entries={detail.data.timeline} runs={runs} />
        </div>
        <div className={`${styles.column} ${styles.side}`}>
          {told.map((run) => (
            <div key={run.id} className={styles.section} style={{ paddingBottom: 0 }}>
              <RunStory run={run} connected={target.connected} mayCancel={role !== 'viewer'} pairId={pair.id} />
            </div>
          ))}
          <GuidedRuns detail={detail.data} />
          <Cause detail={detail.data} />
          <Possible detail={detail.data} />
          <Fixes detail={detail.data} role={role} />
          <OtherFindings detail={detail.data} />
        </div>
      </div>
      <div className={styles.foot} />
    </div>
  );
}
