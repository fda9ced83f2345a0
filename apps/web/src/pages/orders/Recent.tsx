import { useQuery } from '@tanstack/react-query';
import { orderAuditQuery } from '../../live/index.js';
import { Age, LoadingRows, Name } from '../../ui/index.js';
import { Problem } from '../Problem.js';
import rows from '../Rows.module.css';
import styles from './Orders.module.css';
import { WORDS } from './words.js';

const W = WORDS.recent;

/** Who stopped what, and why: from the audit, which nobody can change. */
export function Recent() {
  const audit = useQuery(orderAuditQuery);
  return (
    <section aria-labelledby="recent" data-testid="order-audit">
      <h2 id="recent" style={{ marginBottom: 12 }}>
        {W.title}
      </h2>
      {!audit.data ? (
        audit.isError ? (
          <Problem error={audit.error} onRetry={() => void audit.refetch()} />
        ) : (
          <LoadingRows rows={3} label={W.loading} />
        )
      ) : audit.data.length === 0 ? (
        <p className={rows.soft}>{W.none}</p>
      ) : (
        <div className={rows.scroll}>
          <table className={rows.table}>
            <thead>
              <tr>
                <th scope="col">{W.columns.at}</th>
                <th scope="col">{W.columns.who}</th>
                <th scope="col">{W.columns.what}</th>
                <th scope="col">{W.columns.why}</th>
              </tr>
            </thead>
            <tbody>
              {audit.data.map((r) => (
                <tr key={r.id}>
                  <td className={rows.soft}>
                    <Age at={r.at} />
                  </td>
                  <td>
                    <Name of={r.actor.name} />
                  </td>
                  <td>
                    {W.what[r.action] ?? r.action}
                    {r.subject?.kind === 'order-key' && <span className={`ls-mono ${rows.faint}`}> {r.subject.id}</span>}
                  </td>
                  <td className={styles.reason}>{typeof r.detail.reason === 'string' && <Name of={r.detail.reason} fallback="" />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
