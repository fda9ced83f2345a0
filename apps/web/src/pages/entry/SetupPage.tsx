import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useRouterState } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError, enter, setUp, setupQuery } from '../../live/index.js';
import { EmptyState } from '../../ui/index.js';
import { Entry } from './Entry.js';
import styles from './Entry.module.css';
import { checkSetup, type FieldErrors, PASSWORD_MIN, type SetupFields, tokenOf } from './fields.js';
import { EntryProblem, focusWrong, saidByFields } from './SignInPage.js';
import { WORDS } from './words.js';

const W = WORDS.setup;

/** The first admin. The token stays behind the hash of the address and travels in the body of one request. */
export function SetupPage() {
  const client = useQueryClient();
  const router = useRouter();
  const token = tokenOf(useRouterState({ select: (s) => s.location.hash }));
  const state = useQuery(setupQuery);
  const [fields, setFields] = useState<SetupFields>({ name: '', email: '', password: '', again: '' });
  const [errors, setErrors] = useState<FieldErrors<SetupFields>>({});
  const ask = useMutation({
    mutationFn: setUp,
    onSuccess: (view) => {
      enter(client, view);
      router.history.replace('/');
    },
    onError: (e) => {
      if (e instanceof ApiError) setErrors(e.fields);
    },
  });
  const refused =
    ask.error instanceof ApiError && (ask.error.fields.token !== undefined || [403, 404, 410].includes(ask.error.status))
      ? ask.error
      : null;
  const dead =
    state.data?.needed === false || refused?.status === 410 ? WORDS.done : refused ? WORDS.refused : token === null ? WORDS.noToken : null;
  if (dead || token === null) {
    return (
      <Entry>
        <div data-testid="setup-dead">
          <EmptyState title={(dead ?? WORDS.noToken).title} next={<Link to="/sign-in">{WORDS.toSignIn}</Link>}>
            {(dead ?? WORDS.noToken).text}
          </EmptyState>
        </div>
      </Entry>
    );
  }
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    if (ask.isPending) return;
    const form = e.currentTarget;
    const wrong = checkSetup(fields);
    setErrors(wrong);
    focusWrong(form, Object.keys(wrong));
    if (Object.keys(wrong).length === 0)
      ask.mutate({ token, name: fields.name.trim(), email: fields.email.trim(), password: fields.password });
  };
  const bind = (name: keyof SetupFields) => ({
    name,
    value: fields[name],
    onChange: (e: React.ChangeEvent<HTMLInputElement>) => setFields({ ...fields, [name]: e.currentTarget.value }),
    error: errors[name],
  });
  return (
    <Entry>
      <h1>{W.title}</h1>
      <p className={styles.lead}>{W.lead}</p>
      <form className={styles.form} onSubmit={submit} noValidate>
        {ask.error && !saidByFields(ask.error) && <EntryProblem error={ask.error} />}
        <TextInput label={W.name} autoComplete="name" autoFocus {...bind('name')} />
        <TextInput label={W.email} type="email" autoComplete="username" {...bind('email')} />
        <PasswordInput
          label={W.password}
          description={W.passwordHint}
          autoComplete="new-password"
          minLength={PASSWORD_MIN}
          {...bind('password')}
        />
        <PasswordInput label={W.again} autoComplete="new-password" {...bind('again')} />
        <Button type="submit" aria-disabled={ask.isPending}>
          {ask.isPending ? W.going : W.go}
        </Button>
      </form>
    </Entry>
  );
}
