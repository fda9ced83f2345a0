import { ROLES, type Role } from '@lockstep/core/fixes';
import { printable } from '@lockstep/core/health';
import { NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { changePerson, idempotencyKey, keys, type MadeLink, makePasswordLink, type Person } from '../../live/index.js';
import { Age, lengthWords, Mark, type MarkKind, Name, useTicking } from '../../ui/index.js';
import { Confirm } from '../Confirm.js';
import rows from '../Rows.module.css';
import { WORDS } from './words.js';

const W = WORDS.list;
const MARKS: Record<Person['state'], MarkKind> = { active: 'ok', invited: 'waiting', disabled: 'away' };

/** A table of people. @param you the id of whoever looks */
export function PeopleRows({ people, you, onMade }: { people: readonly Person[]; you: string | null; onMade: (made: MadeLink) => void }) {
  return (
    <div className={rows.scroll}>
      <table className={rows.table} data-testid="people">
        <thead>
          <tr>
            <th scope="col">{W.columns.name}</th>
            <th scope="col">{W.columns.email}</th>
            <th scope="col">{W.columns.role}</th>
            <th scope="col">{W.columns.state}</th>
            <th scope="col">{W.columns.seen}</th>
            <th scope="col" aria-label={W.disable} />
          </tr>
        </thead>
        <tbody>
          {people.map((p) => (
            <Row key={p.id} person={p} you={p.id === you} onMade={onMade} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is asked before it is done. */
type Asking = { what: 'role'; role: Role } | { what: 'disable' } | { what: 'link' };

function Row({ person: p, you, onMade }: { person: Person; you: boolean; onMade: (made: MadeLink) => void }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<Asking | null>(null);
  const key = useRef(idempotencyKey());
  const done = () => {
    setAsking(null);
    return client.invalidateQueries({ queryKey: keys.people });
  };
  const change = useMutation({ mutationFn: (body: { role?: Role; disabled?: boolean }) => changePerson(p.id, body), onSuccess: done });
  const link = useMutation({
    mutationFn: () => makePasswordLink(p.id, key.current),
    onSuccess: (made) => {
      key.current = idempotencyKey();
      onMade(made);
      return done();
    },
  });
  const off = p.state === 'disabled';
  const name = printable(p.name);
  const words =
    asking?.what === 'role'
      ? { title: WORDS.role.title(name, asking.role), text: WORDS.role.text, yes: WORDS.role.yes }
      : asking?.what === 'link'
        ? { title: WORDS.linking.title(name), text: WORDS.linking.text, yes: WORDS.linking.yes }
        : { title: WORDS.disabling.title(name), text: WORDS.disabling.text, yes: WORDS.disabling.yes };
  const error = change.error ?? link.error;
  const yes = () => {
    if (asking === null || change.isPending || link.isPending) return;
    if (asking.what === 'link') link.mutate();
    else change.mutate(asking.what === 'role' ? { role: asking.role } : { disabled: true });
  };
  const ask = (next: Asking) => {
    change.reset();
    link.reset();
    setAsking(next);
  };
  return (
    <tr data-testid="person-row" data-off={off || undefined} data-state={p.state}>
      <td>
        <span className={rows.name}>
          <Name of={p.name} />
        </span>
        {you && <span className={rows.faint}> ({W.you})</span>}
      </td>
      <td>
        <Name of={p.email} />
      </td>
      <td>
        <NativeSelect
          size="xs"
          w={130}
          aria-label={W.roleOf(name)}
          value={p.role}
          disabled={off}
          onChange={(e) => {
            const role = ROLES.find((r) => r === e.currentTarget.value);
            if (role !== undefined && role !== p.role) ask({ what: 'role', role });
          }}
          data={[...ROLES]}
        />
      </td>
      <td>
        <span className={rows.connection}>
          <Mark kind={MARKS[p.state]} size={10} />
          {W.state[p.state]}
        </span>
        {p.linkUntil !== null && !off && <Until at={p.linkUntil} />}
      </td>
      <td className={rows.soft}>
        <Age at={p.lastSeenAt} never={W.never} />
      </td>
      <td className={rows.right}>
        {off ? (
          <button type="button" className={rows.quiet} onClick={() => !change.isPending && change.mutate({ disabled: false })}>
            {W.enable}
          </button>
        ) : (
          <>
            <button type="button" className={rows.quiet} onClick={() => ask({ what: 'link' })} data-testid="new-link">
              {W.newLink}
            </button>
            <button type="button" className={rows.quiet} onClick={() => ask({ what: 'disable' })} data-testid="disable-person">
              {W.disable}
            </button>
          </>
        )}
        <Confirm
          opened={asking !== null}
          title={words.title}
          text={words.text}
          yes={words.yes}
          no={WORDS.no}
          busy={change.isPending || link.isPending}
          failed={error ? { words: W.failed, error } : null}
          onYes={yes}
          onNo={() => setAsking(null)}
        />
      </td>
    </tr>
  );
}

function Until({ at }: { at: string }) {
  const end = Date.parse(at);
  const text = useTicking((now) => (now < end ? W.link(lengthWords(end - now)) : ''));
  return text === '' ? null : <div className={rows.faint}>{text}</div>;
}
