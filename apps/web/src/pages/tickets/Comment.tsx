import type { TicketDetail } from '@lockstep/core/protocol';
import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError, asApiError, commentOn, idempotencyKey, keys } from '../../live/index.js';
import styles from './Ticket.module.css';
import { WORDS } from './words.js';

const W = WORDS.comment;
/** What the server takes. */
const MAX = 4000;

/** Adds a word to the story. What was typed stays until it is there. */
export function Comment({ ticketId }: { ticketId: string }) {
  const client = useQueryClient();
  const [text, setText] = useState('');
  const key = useRef(idempotencyKey());
  const send = useMutation({
    mutationFn: () => commentOn(ticketId, text.trim(), key.current),
    onSuccess: (event) => {
      key.current = idempotencyKey();
      setText('');
      client.setQueryData<TicketDetail>(keys.ticket(ticketId), (old) =>
        old && !old.events.some((e) => e.id === event.id) ? { ...old, events: [...old.events, event] } : old,
      );
    },
    onError: (e) => {
      // An answer was given: the next try is a new one. Without an answer the same key says the same thing.
      if (e instanceof ApiError && e.kind === 'problem') key.current = idempotencyKey();
    },
  });
  const go = () => {
    if (text.trim() !== '' && !send.isPending) send.mutate();
  };
  return (
    <form
      className={styles.commenting}
      onSubmit={(e) => {
        e.preventDefault();
        go();
      }}
    >
      <Textarea
        label={W.label}
        placeholder={W.placeholder}
        rows={3}
        maxLength={MAX}
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) go();
        }}
        data-testid="comment"
      />
      <div className={styles.commentFoot}>
        <Button type="submit" size="xs" variant="default" disabled={text.trim() === ''} data-testid="send-comment">
          {send.isPending ? W.sending : W.send}
        </Button>
        <span className={styles.faint}>{W.hint}</span>
      </div>
      {send.error && (
        <p className={styles.problem} role="alert">
          {W.failed}: {asApiError(send.error).detail ?? asApiError(send.error).title}
        </p>
      )}
    </form>
  );
}
