import { type Approval, backupProves, CONSENT_WAYS } from '@lockstep/core/fixes';
import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { AskRecord } from '../../live/index.js';
import { lengthWords, serverNow } from '../../ui/index.js';
import styles from './Approvals.module.css';
import { localMinute, type RecordErrors, type RecordFields, readRecord } from './record.js';
import { WORDS } from './words.js';

const W = WORDS.ask;
/** As the server takes it. */
const NAME_MAX = 100;

export interface AskProps {
  opened: boolean;
  label: string;
  /** What people will notice. */
  notice: string;
  needs: Exclude<Approval, 'none'>;
  /** When the last backup finished, from the facts, ms. */
  backupAt: number | null;
  onAsk: (record: AskRecord) => void;
  onClose: () => void;
}

/** Asks for a fix that needs somebody's yes: what that is, and, where data may be lost, what the holder said. */
export function Ask(p: AskProps) {
  const [fields, setFields] = useState<RecordFields>(() => ({
    holder: '',
    how: 'in-person',
    at: localMinute(serverNow()),
    lossAcceptedBy: '',
  }));
  const [errors, setErrors] = useState<RecordErrors>({});
  const second = p.needs === 'second-person';
  const covered = backupProves(p.backupAt, serverNow());
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!second) return p.onAsk({});
    const read = readRecord(fields, p.backupAt, serverNow());
    if ('errors' in read) return setErrors(read.errors);
    setErrors({});
    p.onAsk(read.record);
  };
  const bind = (name: 'holder' | 'at' | 'lossAcceptedBy') => ({
    name,
    value: fields[name],
    onChange: (e: React.ChangeEvent<HTMLInputElement>) => setFields({ ...fields, [name]: e.currentTarget.value }),
    error: errors[name],
  });
  return (
    <Modal opened={p.opened} onClose={p.onClose} title={W.title(p.label)} closeButtonProps={{ 'aria-label': W.back }}>
      <p>{p.notice}</p>
      <p style={{ marginTop: 6, fontWeight: 600 }}>{second ? W.second : W.admin}</p>
      <form className={styles.form} onSubmit={submit} noValidate>
        {second && (
          <>
            <TextInput label={W.holder} maxLength={NAME_MAX} data-autofocus {...bind('holder')} />
            <NativeSelect
              label={W.how}
              name="how"
              value={fields.how}
              onChange={(e) => {
                const how = CONSENT_WAYS.find((w) => w === e.currentTarget.value);
                if (how !== undefined) setFields({ ...fields, how });
              }}
              data={CONSENT_WAYS.map((value) => ({ value, label: WORDS.how[value] }))}
            />
            <TextInput label={W.at} type="datetime-local" {...bind('at')} />
            <p className={styles.why} data-testid="backup-proof" data-covered={covered || undefined}>
              {covered && p.backupAt !== null ? W.backup(lengthWords(Math.max(0, serverNow() - p.backupAt))) : W.noBackup}
            </p>
            <TextInput label={covered ? W.lossOptional : W.loss} maxLength={NAME_MAX} {...bind('lossAcceptedBy')} />
          </>
        )}
        <div className={styles.buttons}>
          <Button type="submit" data-testid="ask-approval" {...(second ? {} : { 'data-autofocus': true })}>
            {W.go}
          </Button>
          <Button variant="default" onClick={p.onClose}>
            {W.back}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
