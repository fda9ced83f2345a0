import { Button, Modal, PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError, asApiError, changePassword } from '../../live/index.js';
import { announce } from '../../ui/index.js';
import styles from './Entry.module.css';
import { checkNewPassword, type FieldErrors, PASSWORD_MIN } from './fields.js';
import { focusWrong, saidByFields } from './SignInPage.js';
import { WORDS } from './words.js';

const W = WORDS.changePassword;
const EMPTY = { current: '', password: '', again: '' };

/** One's own password, for whoever says the present one. */
export function ChangePassword({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [fields, setFields] = useState(EMPTY);
  const [errors, setErrors] = useState<FieldErrors<typeof EMPTY>>({});
  const ask = useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      announce(W.done);
      leave();
    },
    onError: (e) => setErrors(e instanceof ApiError ? e.fields : {}),
  });
  const leave = () => {
    setFields(EMPTY);
    setErrors({});
    ask.reset();
    onClose();
  };
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    if (ask.isPending) return;
    const form = e.currentTarget;
    const wrong: FieldErrors<typeof EMPTY> = {
      ...(fields.current === '' ? { current: WORDS.field.required } : {}),
      ...checkNewPassword(fields),
    };
    setErrors(wrong);
    focusWrong(form, Object.keys(wrong));
    if (Object.keys(wrong).length === 0) ask.mutate({ current: fields.current, password: fields.password });
  };
  const bind = (name: keyof typeof EMPTY) => ({
    name,
    value: fields[name],
    onChange: (e: React.ChangeEvent<HTMLInputElement>) => setFields({ ...fields, [name]: e.currentTarget.value }),
    error: errors[name],
  });
  return (
    <Modal opened={opened} onClose={leave} title={W.title} closeButtonProps={{ 'aria-label': W.back }}>
      <p>{W.lead}</p>
      <form className={styles.form} onSubmit={submit} noValidate>
        {ask.error && !saidByFields(ask.error) && (
          <p className={styles.problem} role="alert">
            {W.failed}: {asApiError(ask.error).detail ?? asApiError(ask.error).title}
          </p>
        )}
        <PasswordInput label={W.current} autoComplete="current-password" data-autofocus {...bind('current')} />
        <PasswordInput
          label={W.password}
          description={WORDS.setup.passwordHint}
          autoComplete="new-password"
          minLength={PASSWORD_MIN}
          {...bind('password')}
        />
        <PasswordInput label={WORDS.setup.again} autoComplete="new-password" {...bind('again')} />
        <Button type="submit" aria-disabled={ask.isPending}>
          {ask.isPending ? W.going : W.go}
        </Button>
      </form>
    </Modal>
  );
}
