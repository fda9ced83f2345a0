import { ROLES, type Role } from '@lockstep/core/fixes';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { ApiError, addPerson, asApiError, idempotencyKey, keys, type MadeLink } from '../../live/index.js';
import styles from './People.module.css';
import { WORDS } from './words.js';

const W = WORDS.form;
/** As the server takes it. */
const NAME_MAX = 100;
const isRole = (s: string): s is Role => (ROLES as readonly string[]).includes(s);

/** Adds somebody; the answer holds the link by which they set a password. */
export function AddPerson({ onMade }: { onMade: (made: MadeLink) => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('technician');
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const key = useRef(idempotencyKey());
  const add = useMutation({
    mutationFn: () => addPerson({ name: name.trim(), email: email.trim(), role }, key.current),
    onSuccess: (made) => {
      key.current = idempotencyKey();
      setName('');
      setEmail('');
      setErrors({});
      onMade(made);
      return client.invalidateQueries({ queryKey: keys.people });
    },
    onError: (e) => {
      // An answer was given: the next click is a new question.
      if (e instanceof ApiError && e.kind === 'problem') key.current = idempotencyKey();
      setErrors(e instanceof ApiError ? e.fields : {});
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!add.isPending) add.mutate();
  };
  return (
    <section aria-labelledby="add-person">
      <h2 id="add-person">{W.title}</h2>
      <form className={styles.form} onSubmit={submit} noValidate>
        <TextInput
          label={W.name}
          name="name"
          autoComplete="off"
          w={220}
          maxLength={NAME_MAX}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          error={errors.name}
        />
        <TextInput
          label={W.email}
          name="email"
          type="email"
          autoComplete="off"
          w={260}
          value={email}
          onChange={(e) => setEmail(e.currentTarget.value)}
          error={errors.email}
        />
        <NativeSelect
          label={W.role}
          name="role"
          w={210}
          value={role}
          onChange={(e) => isRole(e.currentTarget.value) && setRole(e.currentTarget.value)}
          error={errors.role}
          data={ROLES.map((value) => ({ value, label: WORDS.roles[value] }))}
        />
        <Button type="submit" aria-disabled={add.isPending} data-testid="add-person">
          {add.isPending ? W.going : W.go}
        </Button>
      </form>
      {add.error && Object.keys(errors).length === 0 && (
        <p className={styles.problem} role="alert">
          {W.failed}: {asApiError(add.error).detail ?? asApiError(add.error).title}
        </p>
      )}
    </section>
  );
}
