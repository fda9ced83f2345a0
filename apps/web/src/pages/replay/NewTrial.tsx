import { causeTitle, RULES } from '@lockstep/core/diagnosis';
import { OSES, type Os } from '@lockstep/core/health';
import { REPLAY_AGAINST, type ReplayView } from '@lockstep/core/protocol';
import type { RuleChange } from '@lockstep/core/replay';
import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { ApiError, asApiError, askReplay, idempotencyKey, keys } from '../../live/index.js';
import { OS_WORDS } from '../../ui/index.js';
import { CHANGES, type Change, changeOf, changeWords, EFFECTS, shippedValue, withChange } from './changes.js';
import styles from './Replay.module.css';
import { WORDS } from './words.js';

const W = WORDS.form;
const CAUSES = [...new Set(RULES.map((r) => r.id))].map((value) => ({ value: String(value), label: `${causeTitle(value)} (${value})` }));
/** As long as facts are kept. */
const DAYS = 30;

/** Chooses changes and asks for a trial. */
export function NewTrial({ onAsked }: { onAsked: (asked: ReplayView) => void }) {
  const client = useQueryClient();
  const [against, setAgainst] = useState<ReplayView['against']>('shipped');
  const [days, setDays] = useState<number | string>(DAYS);
  const [os, setOs] = useState<Os | ''>('');
  const [cause, setCause] = useState('');
  const [rules, setRules] = useState<readonly RuleChange[]>([]);
  const [warnDays, setWarn] = useState<number | string>('');
  const [failDays, setFail] = useState<number | string>('');
  const key = useRef(idempotencyKey());
  const software = { ...(typeof warnDays === 'number' && { warnDays }), ...(typeof failDays === 'number' && { failDays }) };
  const isChanged = rules.length > 0 || Object.keys(software).length > 0;
  const ask = useMutation({
    mutationFn: () =>
      askReplay(
        {
          days: Number(days) || DAYS,
          against,
          ...(os !== '' && { os }),
          ...(cause !== '' && { cause }),
          overlay: { rules, ...(Object.keys(software).length > 0 && { software }) },
        },
        key.current,
      ),
    onSuccess: (asked) => {
      key.current = idempotencyKey();
      onAsked(asked);
      return client.invalidateQueries({ queryKey: keys.replays });
    },
    onError: (e) => {
      if (e instanceof ApiError && e.kind === 'problem') key.current = idempotencyKey();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!ask.isPending) ask.mutate();
  };
  return (
    <section aria-labelledby="new-trial">
      <h2 id="new-trial">{W.title}</h2>
      <AddChange onAdd={(change) => setRules((all) => withChange(all, change))} />
      <ul className={styles.changes} aria-label={W.changes} data-testid="changes">
        {rules.map((r) => (
          <li key={r.cause}>
            <span>
              {causeTitle(r.cause)} <span className="ls-mono">{r.cause}</span> {changeWords(r)}
            </span>
            <Button
              variant="subtle"
              size="compact-xs"
              onClick={() => setRules((all) => all.filter((one) => one !== r))}
              aria-label={W.remove(causeTitle(r.cause))}
            >
              ×
            </Button>
          </li>
        ))}
        {!isChanged && <li className={styles.soft}>{W.none}</li>}
      </ul>
      <form className={styles.form} onSubmit={submit} noValidate>
        <NativeSelect
          label={W.against}
          w={300}
          value={against}
          onChange={(e) => setAgainst(e.currentTarget.value === 'recorded' ? 'recorded' : 'shipped')}
          data={REPLAY_AGAINST.map((value) => ({ value, label: W.againstWords[value] }))}
        />
        <NumberInput label={W.days} w={100} min={1} max={DAYS} value={days} onChange={setDays} />
        <NativeSelect
          label={W.os}
          w={150}
          value={os}
          onChange={(e) => setOs(OSES.find((o) => o === e.currentTarget.value) ?? '')}
          data={[{ value: '', label: W.allOs }, ...OSES.map((value) => ({ value, label: OS_WORDS[value] }))]}
        />
        <NativeSelect
          label={W.onlyCause}
          w={260}
          value={cause}
          onChange={(e) => setCause(e.currentTarget.value)}
          data={[{ value: '', label: W.anyCause }, ...CAUSES]}
        />
        <NumberInput label={W.warnDays} w={150} min={0} placeholder={W.asShipped} value={warnDays} onChange={setWarn} />
        <NumberInput label={W.failDays} w={150} min={0} placeholder={W.asShipped} value={failDays} onChange={setFail} />
        <Button type="submit" aria-disabled={ask.isPending} disabled={!isChanged && against === 'shipped'} data-testid="run-trial">
          {ask.isPending ? W.going : W.go}
        </Button>
      </form>
      {ask.error && (
        <p className={styles.problem} role="alert">
          {W.failed}: {asApiError(ask.error).detail ?? asApiError(ask.error).title}
        </p>
      )}
    </section>
  );
}

function AddChange({ onAdd }: { onAdd: (change: RuleChange) => void }) {
  const [cause, setCause] = useState('C44');
  const [change, setChange] = useState<Change>('off');
  const [value, setValue] = useState('');
  const made = changeOf(cause, change, value);
  const choose = (nextCause: string, nextChange: Change) => {
    setCause(nextCause);
    setChange(nextChange);
    setValue(shippedValue(nextCause, nextChange));
  };
  return (
    <div className={styles.form}>
      <NativeSelect label={W.cause} w={300} value={cause} onChange={(e) => choose(e.currentTarget.value, change)} data={CAUSES} />
      <NativeSelect
        label={W.what}
        w={260}
        value={change}
        onChange={(e) => choose(cause, CHANGES.find((c) => c === e.currentTarget.value) ?? 'off')}
        data={CHANGES.map((c) => ({ value: c, label: W.whats[c] }))}
      />
      {change === 'health' ? (
        <NativeSelect label={W.value} w={160} value={value} onChange={(e) => setValue(e.currentTarget.value)} data={[...EFFECTS]} />
      ) : (
        change !== 'off' && <TextInput label={W.value} w={160} value={value} onChange={(e) => setValue(e.currentTarget.value)} />
      )}
      <Button variant="default" disabled={made === null} onClick={() => made && onAdd(made)} data-testid="add-change">
        {W.add}
      </Button>
    </div>
  );
}
