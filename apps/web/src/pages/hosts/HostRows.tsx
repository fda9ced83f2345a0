import { printable } from '@lockstep/core/health';
import type { HostRow } from '@lockstep/core/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { DEFAULT_VIEW, keys, revokeHost, searchOf } from '../../live/index.js';
import { Age, day, HealthMark, Mark, Name, OS_WORDS } from '../../ui/index.js';
import { Confirm } from '../Confirm.js';
import styles from '../Rows.module.css';
import { EnrolAgain } from './EnrolAgain.js';
import { WORDS } from './words.js';

/** A table of computers. */
export function HostRows({ hosts, admin }: { hosts: readonly HostRow[]; admin: boolean }) {
  const c = WORDS.columns;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} data-testid="hosts">
        <thead>
          <tr>
            <th scope="col">{c.name}</th>
            <th scope="col">{c.connection}</th>
            <th scope="col">{c.contact}</th>
            <th scope="col">{c.health}</th>
            <th scope="col" className={styles.right}>
              {c.pairs}
            </th>
            <th scope="col" className={styles.right}>
              {c.findings}
            </th>
            <th scope="col">{c.os}</th>
            <th scope="col">{c.agent}</th>
            <th scope="col">{c.epoch}</th>
            <th scope="col">{c.enrolled}</th>
            {admin && <th scope="col" aria-label={WORDS.revoke.go} />}
          </tr>
        </thead>
        <tbody>
          {hosts.map((h) => (
            <Host key={h.id} host={h} admin={admin} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Host({ host: h, admin }: { host: HostRow; admin: boolean }) {
  const off = h.revokedAt !== null;
  return (
    <tr data-testid="host-row" data-off={off || undefined}>
      <td>
        <span className={styles.name}>
          <Name of={h.name} fallback={h.id} />
        </span>
      </td>
      <td>
        <Presence host={h} />
      </td>
      <td className={styles.soft}>{h.lastContactAt ? <Age at={h.lastContactAt} look={!off} /> : '–'}</td>
      <td>{off ? <span className={styles.faint}>–</span> : <Health host={h} />}</td>
      <td className={styles.right}>
        {h.pairs > 0 ? (
          <Link to="/" search={searchOf({ ...DEFAULT_VIEW, host: h.id })} title={WORDS.showPairs(h.pairs)}>
            {h.pairs}
          </Link>
        ) : (
          <span className={styles.faint}>0</span>
        )}
      </td>
      <td className={styles.right}>{h.openFindings > 0 ? h.openFindings : <span className={styles.faint}>0</span>}</td>
      <td className={styles.soft}>
        <span className={styles.short} title={printable(`${OS_WORDS[h.os]} · ${h.osVersion} · ${h.arch}`)}>
          <Name of={h.osVersion} fallback={OS_WORDS[h.os]} />
        </span>
      </td>
      <td className={styles.soft}>
        <Name of={h.agent} fallback="–" />
      </td>
      <td className={styles.soft}>{h.epoch ? <code title={WORDS.epoch(h.epoch, h.epochs)}>{h.epoch.slice(0, 8)}</code> : '–'}</td>
      <td className={styles.soft}>
        <time dateTime={h.enrolledAt}>{day(h.enrolledAt)}</time>
      </td>
      {admin && (
        <td className={styles.right}>
          <Actions host={h} />
        </td>
      )}
    </tr>
  );
}

/** Connected since when, silent since when, or refused. */
function Presence({ host: h }: { host: HostRow }) {
  const off = h.revokedAt !== null;
  return (
    <span className={styles.connection} data-testid="host-presence">
      <Mark kind={off ? 'away' : h.connected ? 'ok' : 'not-reached'} size={10} />
      {off ? (
        <span>
          {WORDS.revoked} <Age at={h.revokedAt} />
        </span>
      ) : h.connected ? (
        <span>
          {WORDS.connected} <Age at={h.connectedAt} form="for" never="" />
        </span>
      ) : h.lastContactAt ? (
        <span className={styles.soft}>
          {WORDS.silent} <Age at={h.lastContactAt} form="for" />
        </span>
      ) : (
        <span className={styles.soft}>{WORDS.never}</span>
      )}
    </span>
  );
}

/** Health, and what is wrong with the computer itself. */
function Health({ host: h }: { host: HostRow }) {
  return (
    <span className={styles.connection}>
      <HealthMark health={h.health} />
      {h.causes
        .filter((c) => c.health !== 'advisory')
        .map((c) => (
          <Link key={c.cause} to="/hosts" search={{ cause: c.cause }} data-testid="host-cause">
            {c.title}
          </Link>
        ))}
    </span>
  );
}

function Actions({ host: h }: { host: HostRow }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeHost(h.id),
    onSuccess: () => {
      setAsking(false);
      return client.invalidateQueries({ queryKey: keys.hosts });
    },
  });
  const off = h.revokedAt !== null;
  return (
    <>
      <button type="button" className={styles.quiet} onClick={() => setAsking(true)} data-testid={off ? 'host-again' : 'host-revoke'}>
        {off ? WORDS.again.go : WORDS.revoke.go}
      </button>
      {off ? (
        <EnrolAgain name={h.name} opened={asking} onClose={() => setAsking(false)} />
      ) : (
        <Confirm
          opened={asking}
          title={WORDS.revoke.title(printable(h.name))}
          text={WORDS.revoke.text}
          yes={WORDS.revoke.yes}
          no={WORDS.revoke.no}
          busy={revoke.isPending}
          failed={revoke.error ? { words: WORDS.revoke.failed, error: revoke.error } : null}
          onYes={() => !revoke.isPending && revoke.mutate()}
          onNo={() => setAsking(false)}
        />
      )}
    </>
  );
}
