import type { SoftwareModelRow } from '@lockstep/core/protocol';
import { Fragment } from 'react';
import { EmptyState, Mark, Name } from '../../ui/index.js';
import rows from '../Rows.module.css';
import styles from './Software.module.css';
import { markOf } from './standing.js';
import { WORDS } from './words.js';

const W = WORDS.models;

/** What the fleet runs, beside what each model is offered. */
export function Models({ models }: { models: readonly SoftwareModelRow[] }) {
  return (
    <section aria-labelledby="models" data-testid="software-models">
      <h2 id="models">{W.title}</h2>
      <p className={styles.meaning}>{W.meaning}</p>
      {models.length === 0 ? (
        <EmptyState title={W.empty.title}>{W.empty.text}</EmptyState>
      ) : (
        <div className={rows.scroll}>
          <table className={rows.table}>
            <thead>
              <tr>
                <th scope="col">{W.columns.model}</th>
                <th scope="col">{W.columns.offered}</th>
                <th scope="col">{W.columns.version}</th>
                <th scope="col" className={rows.right}>
                  {W.columns.count}
                </th>
                <th scope="col">{W.columns.standing}</th>
              </tr>
            </thead>
            <tbody>
              {models.map((m) => (
                <Model key={`${m.platform} ${m.model}`} of={m} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Model({ of: m }: { of: SoftwareModelRow }) {
  const life = W.life(m.majorsBehind ?? 0, m.ended);
  return (
    <Fragment>
      {m.installed.map((v, at) => (
        <tr
          key={`${v.version} ${v.status}`}
          className={at === 0 ? styles.top : styles.more}
          data-testid="software-version"
          data-model={m.model}
          data-status={v.status}
        >
          {at === 0 && (
            <>
              <td rowSpan={m.installed.length} className={styles.model}>
                <span className={rows.name}>
                  <Name of={m.name ?? m.model} fallback={W.nameless} />
                </span>
                {m.name !== null && (
                  <span className={styles.small}>
                    <Name of={m.model} fallback="" />
                  </span>
                )}
              </td>
              <td rowSpan={m.installed.length} className={styles.model}>
                {m.tracks.length === 0 ? <span className={rows.faint}>{W.nothing}</span> : W.offered(m.tracks.map((t) => t.version))}
                {life !== '' && <span className={styles.small}>{life}</span>}
              </td>
            </>
          )}
          <td title={v.builds.join(', ')}>
            <Name of={v.version} fallback="–" />
          </td>
          <td className={rows.right}>{v.count}</td>
          <td className={styles.wide}>
            <span className={rows.connection} title={v.exploited.join(', ') || undefined}>
              <Mark kind={markOf(v, m.ended)} size={10} />
              <span className={v.urgency === 'fail' ? styles.fail : undefined}>{W.standing(v)}</span>
            </span>
          </td>
        </tr>
      ))}
    </Fragment>
  );
}
