import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Navigate, useRouter, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError, enter, sessionQuery, setupQuery, signIn } from '../../live/index.js';
import { WORDS as FRAME } from '../words.js';
import { Entry } from './Entry.js';
import styles from './Entry.module.css';
import { checkSignIn, type FieldErrors } from './fields.js';
import { WORDS } from './words.js';

const W = WORDS.signIn;

/** The door. */
export function SignInPage() {
  const client = useQueryClient();
  const router = useRouter();
  const { next } = useSearch({ from: '/sign-in' });
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const setup = useQuery(setupQuery);
  const [fields, setFields] = useState({ email: '', password: '' });
  const [errors, setErrors] = useState<FieldErrors<typeof fields>>({});
  const ask = useMutation({
    mutationFn: signIn,
    onSuccess: (view) => {
      enter(client, view);
      router.history.replace(next ?? '/');
    },
    onError: (e) => {
      if (e instanceof ApiError) setErrors(e.fields);
    },
  });
  if (session.data && !ask.isSuccess) return <Navigate to="/" replace />;
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    if (ask.isPending) return;
    const form = e.currentTarget;
    const wrong = checkSignIn(fields);
    setErrors(wrong);
    focusWrong(form, Object.keys(wrong));
    if (Object.keys(wrong).length === 0) ask.mutate({ email: fields.email.trim(), password: fields.password });
  };
  const change = (name: keyof typeof fields) => (e: React.ChangeEvent<HTMLInputElement>) =>
    setFields({ ...fields, [name]: e.currentTarget.value });
  return (
    <Entry>
      <h1>{W.title}</h1>
      <p className={styles.lead}>{W.lead}</p>
      {setup.data?.needed && (
        <p className={styles.note} data-testid="setup-needed">
          <strong>{W.firstTime}</strong> {W.firstTimeNext}
        </p>
      )}
      <form className={styles.form} onSubmit={submit} noValidate>
        {ask.error && !saidByFields(ask.error) && <EntryProblem error={ask.error} />}
        <TextInput
          label={W.email}
          name="email"
          type="email"
          autoComplete="username"
          autoFocus
          value={fields.email}
          onChange={change('email')}
          error={errors.email}
        />
        <PasswordInput
          label={W.password}
          name="password"
          autoComplete="current-password"
          value={fields.password}
          onChange={change('password')}
          error={errors.password}
        />
        <Button type="submit" aria-disabled={ask.isPending}>
          {ask.isPending ? W.going : W.go}
        </Button>
      </form>
    </Entry>
  );
}

/** Moves to the first field that is wrong, so that its message is read out. */
export function focusWrong(form: HTMLFormElement, names: readonly string[]): void {
  [...form.elements].find((el): el is HTMLInputElement => el instanceof HTMLInputElement && names.includes(el.name))?.focus();
}

/** Whether the fields show all of it. */
export const saidByFields = (error: Error): boolean => error instanceof ApiError && Object.keys(error.fields).length > 0;

/** Why the door stayed shut. */
export function EntryProblem({ error }: { error: Error }) {
  if (error instanceof ApiError && error.status === 429 && error.retryAfterS !== null) {
    return (
      <p className={styles.problem} role="alert">
        {W.wait(error.retryAfterS)}
      </p>
    );
  }
  const text =
    error instanceof ApiError
      ? error.kind === 'unreachable'
        ? FRAME.error.unreachable.title
        : (error.detail ?? error.title)
      : error.message;
  return (
    <p className={styles.problem} role="alert">
      {text}
    </p>
  );
}
