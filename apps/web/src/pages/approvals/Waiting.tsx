import { causeTitle } from '@lockstep/core/diagnosis';
import { fixWords } from '@lockstep/core/fixes';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { approvalsQuery, type WaitingRun } from '../../live/index.js';
import { Age, LoadingRows, lengthWords, Name, useTicking } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import rows from '../Rows.module.css';
import styles from './Approvals.module.css';
import { Decide, Written } from './Decide.js';
import { WORDS } from './words.js';

const W = WORDS.list;

/** Every run that waits for somebody's yes. */
export function Waiting() {
  const list = useQuery(approvalsQuery);
  return (
    <section aria-labelledby="approvals" data-testid="approvals">
      <h2 id="approvals">{W.title}</h2>
      <p className={styles.meaning}>{W.meaning}</p>
      {!list.data ? (
        list.isError ? (
          <Problem error={list.error} onRetry={() => void list.refetch()} />
        ) : (
          <LoadingRows rows={2} label={W.loading} />
        )
      ) : list.data.items.length === 0 ? (
        <p className={rows.soft}>{W.none}</p>
      ) : (
        <div className={rows.scroll}>
          <table className={rows.table}>
            <thead>
              <tr>
                <th scope="col">{W.columns.what}</th>
                <th scope="col">{W.columns.where}</th>
                <th scope="col">{W.columns.who}</th>
                <th scope="col">{W.columns.noted}</th>
                <th scope="col">{W.columns.until}</th>
                <th scope="col" aria-label={WORDS.decide.approve} />
              </tr>
            </thead>
            <tbody>
              {list.data.items.map((run) => (
                <Row key={run.id} run={run} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ run }: { run: WaitingRun }) {
  const until = Date.parse(run.expiresAt);
  const left = useTicking((now) => (now < until ? W.left(lengthWords(until - now)) : W.over));
  const where = (
    <>
      {run.deviceName !== null && (
        <>
          <Name of={run.deviceName} /> ·{' '}
        </>
      )}
      <Name of={run.hostName} />
    </>
  );
  return (
    <tr data-testid="approval-row" data-run={run.id}>
      <td>
        <span className={rows.name}>{fixWords(run.fix).label}</span>
        <div className={rows.soft}>{causeTitle(run.cause)}</div>
      </td>
      <td>
        {run.pairId === null ? (
          where
        ) : (
          <Link to="/pairs/$pairId" params={{ pairId: run.pairId }}>
            {where}
          </Link>
        )}
      </td>
      <td>
        <Name of={run.requestedBy} />, <Age at={run.askedAt} />
      </td>
      <td>
        <Written run={run} />
      </td>
      <td className={rows.soft}>{left}</td>
      <td>
        <Decide run={run} />
      </td>
    </tr>
  );
}
