import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useRouterState } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError, enter, setPassword } from '../../live/index.js';
import { EmptyState } from '../../ui/index.js';
import { Entry } from './Entry.js';
import styles from './Entry.module.css';
import { checkNewPassword, type FieldErrors, PASSWORD_MIN, tokenOf } from './fields.js';
import { EntryProblem, focusWrong, saidByFields } from './SignInPage.js';
import { WORDS } from './words.js';

const W = WORDS.setPassword;

/** A password by the link of an admin. The token stays behind the hash of the address and travels in the body of one request. */
export function SetPasswordPage() {
  const client = useQueryClient();
  const router = useRouter();
  const token = tokenOf(useRouterState({ select: (s) => s.location.hash }));
  const [fields, setFields] = useState({ password: '', again: '' });
  const [errors, setErrors] = useState<FieldErrors<typeof fields>>({});
  const ask = useMutation({
    mutationFn: setPassword,
    onSuccess: (view) => {
      enter(client, view);
      router.history.replace('/');
    },
    onError: (e) => {
      if (e instanceof ApiError) setErrors(e.fields);
    },
  });
  const refused = ask.error instanceof ApiError && ask.error.code === 'link-refused';
  const dead = token === null ? WORDS.incompleteLink : refused ? WORDS.deadLink : null;
  if (token === null || dead !== null) {
    return (
      <Entry>
        <div data-testid="link-dead">
          <EmptyState title={(dead ?? WORDS.incompleteLink).title} next={<Link to="/sign-in">{WORDS.toSignIn}</Link>}>
            {(dead ?? WORDS.incompleteLink).text}
          </EmptyState>
        </div>
      </Entry>
    );
  }
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    if (ask.isPending) return;
    const form = e.currentTarget;
    const wrong = checkNewPassword(fields);
    setErrors(wrong);
    focusWrong(form, Object.keys(wrong));
    if (Object.keys(wrong).length === 0) ask.mutate({ token, password: fields.password });
  };
  const bind = (name: keyof typeof fields) => ({
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
        <PasswordInput
          label={WORDS.setup.password}
          description={WORDS.setup.passwordHint}
          autoComplete="new-password"
          minLength={PASSWORD_MIN}
          autoFocus
          {...bind('password')}
        />
        <PasswordInput label={WORDS.setup.again} autoComplete="new-password" {...bind('again')} />
        <Button type="submit" aria-disabled={ask.isPending} data-testid="set-password">
          {ask.isPending ? W.going : W.go}
        </Button>
      </form>
    </Entry>
  );
}
