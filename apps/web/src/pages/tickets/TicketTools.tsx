import type { SessionView, TicketDetail, TicketRow } from '@lockstep/core/protocol';
import { TICKET_PRIORITIES, type TicketPriority } from '@lockstep/core/tickets';
import { Button, Modal, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { asApiError, assigneesQuery, changeTicket, keys, patchTicket, type TicketChange } from '../../live/index.js';
import { Name } from '../../ui/index.js';
import { assigneeOf, choices, chosen, OTHER } from './assigning.js';
import styles from './Ticket.module.css';
import { WORDS } from './words.js';

const W = WORDS.tools;
/** What the server takes. */
const MAX_NAME = 100;
const MAX_REASON = 500;

/** Priority, person, closing: what a person decides about a ticket. */
export function TicketTools({ ticket, person }: { ticket: TicketRow; person: SessionView['person'] | null }) {
  const client = useQueryClient();
  const [typing, setTyping] = useState(false);
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (body: TicketChange) => changeTicket(ticket.id, body),
    onSuccess: (detail) => {
      setTyping(false);
      setAsking(false);
      client.setQueryData<TicketDetail>(keys.ticket(ticket.id), (old) => patchTicket(old, detail));
      void client.invalidateQueries({ queryKey: keys.assignees });
    },
  });
  const failed = change.error && asApiError(change.error);
  if (person === null || person.role === 'viewer') {
    return (
      <section className={styles.section} data-testid="ticket-tools">
        <h2>{WORDS.detail.work}</h2>
        <p>{ticket.assignee ? <Name of={ticket.assignee.name} /> : W.nobody}</p>
        <p className={styles.faint}>{W.viewer}</p>
      </section>
    );
  }
  return (
    <section className={styles.section} aria-labelledby="work" data-testid="ticket-tools">
      <h2 id="work">{WORDS.detail.work}</h2>
      <div className={styles.tools}>
        <Assignee
          ticket={ticket}
          me={person}
          typing={typing}
          onTyping={setTyping}
          busy={change.isPending}
          onChange={(assignee) => change.mutate({ assignee })}
        />
        <Priority ticket={ticket} busy={change.isPending} onChange={(priority) => change.mutate({ priority })} />
        {ticket.state === 'open' && (
          <Button variant="default" size="xs" onClick={() => setAsking(true)} data-testid="close-ticket">
            {W.close}
          </Button>
        )}
      </div>
      {failed && !asking && (
        <p className={styles.problem} role="alert">
          {W.failed}: {failed.detail ?? failed.title}
        </p>
      )}
      <Closing
        number={ticket.number}
        opened={asking}
        busy={change.isPending}
        failed={failed ? (failed.detail ?? failed.title) : null}
        onClose={(reason) => change.mutate({ state: 'closed', reason })}
        onBack={() => {
          change.reset();
          setAsking(false);
        }}
      />
    </section>
  );
}

interface AssigneeProps {
  ticket: TicketRow;
  me: { id: string; name: string };
  typing: boolean;
  onTyping: (typing: boolean) => void;
  busy: boolean;
  onChange: (assignee: NonNullable<TicketChange['assignee']> | null) => void;
}

function Assignee({ ticket, me, typing, onTyping, busy, onChange }: AssigneeProps) {
  const known = useQuery(assigneesQuery).data?.items ?? [];
  const [name, setName] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (typing) field.current?.focus();
  }, [typing]);
  if (typing) {
    return (
      <form
        className={styles.typing}
        onSubmit={(e) => {
          e.preventDefault();
          if (name.trim() !== '' && !busy) onChange({ name: name.trim() });
        }}
      >
        <TextInput
          size="xs"
          label={W.assignee}
          ref={field}
          placeholder={W.otherHint}
          aria-label={W.otherLabel}
          maxLength={MAX_NAME}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          data-testid="assignee-name"
        />
        <Button type="submit" size="xs" disabled={name.trim() === ''}>
          {W.give}
        </Button>
        <Button size="xs" variant="default" onClick={() => onTyping(false)}>
          {W.back}
        </Button>
      </form>
    );
  }
  return (
    <NativeSelect
      size="xs"
      label={W.assignee}
      value={chosen(ticket.assignee)}
      disabled={busy}
      data={choices(known, ticket.assignee, me)}
      onChange={(e) => {
        const { value } = e.currentTarget;
        const to = assigneeOf(value);
        if (value === OTHER) {
          setName('');
          onTyping(true);
        } else if (to !== undefined) onChange(to);
      }}
      data-testid="assignee"
    />
  );
}

function Priority({ ticket, busy, onChange }: { ticket: TicketRow; busy: boolean; onChange: (priority: TicketPriority | null) => void }) {
  const { priority, priorityBy } = ticket;
  const own = { value: '', label: priorityBy === 'server' ? W.automatic(WORDS.priority[priority].word) : W.derive };
  return (
    <NativeSelect
      size="xs"
      label={W.priority}
      value={priorityBy === 'person' ? priority : ''}
      disabled={busy}
      data={[own, ...TICKET_PRIORITIES.map((p) => ({ value: p, label: WORDS.priority[p].word }))]}
      onChange={(e) => {
        const { value } = e.currentTarget;
        onChange(TICKET_PRIORITIES.find((p) => p === value) ?? null);
      }}
      data-testid="priority"
    />
  );
}

interface ClosingProps {
  number: number;
  opened: boolean;
  busy: boolean;
  failed: string | null;
  onClose: (reason: string) => void;
  onBack: () => void;
}

/** Closing by hand asks why: the next who meets the same fault reads it. */
function Closing({ number, opened, busy, failed, onClose, onBack }: ClosingProps) {
  const [reason, setReason] = useState('');
  const C = W.closing;
  return (
    <Modal opened={opened} onClose={onBack} title={C.title(number)} closeButtonProps={{ 'aria-label': C.no }}>
      <p>{C.text}</p>
      <Textarea
        mt="md"
        label={C.reason}
        rows={3}
        maxLength={MAX_REASON}
        value={reason}
        onChange={(e) => setReason(e.currentTarget.value)}
        data-autofocus
        data-testid="close-reason"
      />
      {failed !== null && (
        <p className={styles.problem} role="alert">
          {C.failed}: {failed}
        </p>
      )}
      <div className={styles.buttons}>
        <Button disabled={reason.trim() === '' || busy} onClick={() => onClose(reason.trim())} data-testid="confirm-close">
          {C.yes}
        </Button>
        <Button variant="default" onClick={onBack}>
          {C.no}
        </Button>
      </div>
    </Modal>
  );
}
