import { fixWords, isFix } from '@lockstep/core/fixes';
import type { ReplayDifferenceView, ReplayView } from '@lockstep/core/protocol';
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { differencesQuery, isUnderWay } from '../../live/index.js';
import { absolute, HEALTH_WORDS, LoadingRows, lengthWords, Name } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import rows from '../Rows.module.css';
import styles from './Replay.module.css';
import { WORDS } from './words.js';

const C = WORDS.columns;
/** Causes in the table of counts. */
const COUNTS = 30;

/** What one trial found: how much of each cause before and after, then each verdict that would change. */
export function Found({ of }: { of: ReplayView }) {
  const list = useInfiniteQuery(differencesQuery(of.id, !isUnderWay(of)));
  const items = list.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <>
      {of.cut && (
        <p className={styles.problem} role="status">
          {WORDS.cut[of.cut]}
        </p>
      )}
      <section aria-labelledby="counts">
        <h2 id="counts">{WORDS.counts}</h2>
        <div className={rows.scroll}>
          <table className={rows.table} data-testid="counts">
            <thead>
              <tr>
                <th scope="col">{C.cause}</th>
                <th scope="col" className={rows.right}>
                  {C.pairs}
                </th>
                <th scope="col" className={rows.right}>
                  {C.hours}
                </th>
              </tr>
            </thead>
            <tbody>
              {of.counts.slice(0, COUNTS).map((c) => (
                <tr key={c.cause ?? ''}>
                  <td>
                    {c.title} {c.cause && <span className="ls-mono">{c.cause}</span>}
                  </td>
                  <td className={rows.right}>{`${c.pairsBefore} → ${c.pairsAfter}`}</td>
                  <td className={rows.right}>{`${c.hoursBefore} → ${c.hoursAfter}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section aria-labelledby="found">
        <h2 id="found">{WORDS.found}</h2>
        {list.data === undefined ? (
          list.isError ? (
            <Problem error={list.error} onRetry={() => void list.refetch()} />
          ) : (
            <LoadingRows rows={3} label={WORDS.loading} />
          )
        ) : items.length === 0 ? (
          <p className={styles.soft}>{WORDS.nothing}</p>
        ) : (
          <div className={rows.scroll}>
            <table className={rows.table} data-testid="differences">
              <thead>
                <tr>
                  {[C.pair, C.from, C.lasted, C.before, C.after, C.because].map((word) => (
                    <th key={word} scope="col">
                      {word}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {items.map((d) => (
                  <tr key={d.n}>
                    <td>
                      <Link to="/pairs/$pairId" params={{ pairId: d.pairId }}>
                        <Name of={d.deviceName} /> · <Name of={d.hostName} />
                      </Link>
                    </td>
                    <td>{absolute(d.from)}</td>
                    <td>{lengthWords(Date.parse(d.until) - Date.parse(d.from))}</td>
                    <td>
                      <Verdict of={d.before} />
                    </td>
                    <td>
                      <Verdict of={d.after} />
                    </td>
                    <td className={rows.soft}>
                      {d.evidence
                        .filter((e) => e.reading !== '')
                        .map((e) => e.reading)
                        .join(' · ')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {list.hasNextPage && (
              <Button variant="default" size="xs" mt={12} onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
                {WORDS.more}
              </Button>
            )}
          </div>
        )}
      </section>
    </>
  );
}

function Verdict({ of }: { of: ReplayDifferenceView['before'] }) {
  return (
    <>
      {HEALTH_WORDS[of.health].word}: {of.title ?? WORDS.noCause}
      {of.fix !== null && isFix(of.fix) && <div className={rows.soft}>{fixWords(of.fix).label}</div>}
    </>
  );
}
