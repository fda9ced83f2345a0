import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError, asApiError, keys, type MadeToken, makeToken } from '../../live/index.js';
import { wholeNumber } from '../commands.js';
import styles from './Enrol.module.css';
import { WORDS } from './words.js';

const W = WORDS.form;
/** As the server takes it. */
const MOST_USES = 10_000;
const NOTE_MAX = 200;

/** Asks for a token. */
export function NewToken({ onMade }: { onMade: (made: MadeToken) => void }) {
  const client = useQueryClient();
  const [uses, setUses] = useState('1');
  const [minutes, setMinutes] = useState('60');
  const [note, setNote] = useState('');
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const make = useMutation({
    mutationFn: makeToken,
    onSuccess: (made) => {
      onMade(made);
      return client.invalidateQueries({ queryKey: keys.tokens });
    },
    onError: (e) => setErrors(e instanceof ApiError ? e.fields : {}),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (make.isPending) return;
    const n = wholeNumber(uses, 1, MOST_USES);
    setErrors(n === null ? { uses: WORDS.field.whole(1, MOST_USES) } : {});
    if (n !== null) make.mutate({ uses: n, minutes: Number(minutes), note: note.trim() });
  };
  return (
    <section aria-labelledby="new-token">
      <h2 id="new-token">{W.title}</h2>
      <form className={styles.form} onSubmit={submit} noValidate>
        <TextInput
          label={W.uses}
          name="uses"
          inputMode="numeric"
          w={180}
          value={uses}
          onChange={(e) => setUses(e.currentTarget.value)}
          error={errors.uses}
        />
        <NativeSelect
          label={W.minutes}
          name="minutes"
          w={150}
          value={minutes}
          onChange={(e) => setMinutes(e.currentTarget.value)}
          error={errors.minutes}
          data={WORDS.lives.map(([value, label]) => ({ value: String(value), label }))}
        />
        <TextInput
          label={W.note}
          name="note"
          w={280}
          maxLength={NOTE_MAX}
          placeholder={W.notePlaceholder}
          value={note}
          onChange={(e) => setNote(e.currentTarget.value)}
          error={errors.note}
        />
        <Button type="submit" aria-disabled={make.isPending} data-testid="make-token">
          {make.isPending ? W.going : W.go}
        </Button>
      </form>
      {make.error && (
        <p className={styles.problem} role="alert" style={{ marginTop: 12 }}>
          {W.failed}: {asApiError(make.error).detail ?? asApiError(make.error).title}
        </p>
      )}
    </section>
  );
}
