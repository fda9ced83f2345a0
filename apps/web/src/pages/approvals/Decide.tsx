import { fixWords, mayDecide } from '@lockstep/core/fixes';
import { printable } from '@lockstep/core/health';
import type { GuidedRunView, PairDetail, RunView } from '@lockstep/core/protocol';
import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useRef, useState } from 'react';
import {
  ApiError,
  approveGuided,
  approveRun,
  asApiError,
  declineGuided,
  declineRun,
  idempotencyKey,
  keys,
  sessionQuery,
  type WaitingRun,
  withGuided,
  withRun,
} from '../../live/index.js';
import { absolute } from '../../ui/index.js';
import styles from './Approvals.module.css';
import { asksEcid } from './record.js';
import { WORDS } from './words.js';

const W = WORDS.decide;
/** As the server takes it. */
const REASON_MAX = 300;

type Decided = { kind: 'order'; run: RunView } | { kind: 'guided'; run: GuidedRunView };

/** What was written down when the run was asked for; nothing for a run that only needs an admin. */
export function Written({ run }: { run: Pick<WaitingRun, 'approval'> }) {
  const { approval } = run;
  if (approval?.needs !== 'second-person') return null;
  const { consent, lossAcceptedBy, backupAt } = approval;
  const text = [
    consent && WORDS.written.consent(printable(consent.holder), WORDS.how[consent.how], absolute(consent.at)),
    lossAcceptedBy !== null && WORDS.written.loss(printable(lossAcceptedBy)),
    backupAt === null ? WORDS.written.noBackup : WORDS.written.backup(absolute(backupAt)),
  ];
  return (
    <p className={styles.written} data-testid="written">
      {text.filter((t) => typeof t === 'string').join(' ')}
    </p>
  );
}

/** Approve and decline, for whoever may; for everybody else the reason why not. */
export function Decide({ run }: { run: WaitingRun }) {
  const client = useQueryClient();
  const session = useQuery({ ...sessionQuery, refetchOnMount: false });
  const whyNot = useId();
  const key = useRef(idempotencyKey());
  const [asking, setAsking] = useState<'approve' | 'decline' | null>(null);
  const [reason, setReason] = useState('');
  const [ecid, setEcid] = useState('');
  const decide = useMutation({
    mutationFn: async (yes: boolean): Promise<Decided> => {
      const said = reason.trim();
      const why = said === '' ? {} : { reason: said };
      if (run.kind === 'guided')
        return {
          kind: 'guided',
          run: yes ? await approveGuided(run.id, why, key.current) : await declineGuided(run.id, { reason: said }, key.current),
        };
      const order = yes
        ? await approveRun(run.id, { ...why, ...(ecid.trim() === '' ? {} : { ecid: ecid.trim() }) }, key.current)
        : await declineRun(run.id, { reason: said }, key.current);
      return { kind: 'order', run: order };
    },
    onSuccess: (after) => {
      setAsking(null);
      if (after.run.pairId !== null)
        client.setQueryData<PairDetail>(
          keys.pair(after.run.pairId),
          (old) => old && (after.kind === 'order' ? withRun(old, after.run) : withGuided(old, after.run)),
        );
      void client.invalidateQueries({ queryKey: keys.orders });
      return client.invalidateQueries({ queryKey: keys.approvals });
    },
    onError: (e) => {
      if (e instanceof ApiError && e.kind === 'problem') key.current = idempotencyKey();
    },
  });
  const { approval } = run;
  const me = session.data?.person;
  if (!approval || !me || run.state !== 'awaiting-approval') return null;
  const may = mayDecide({ needs: approval.needs, askedBy: approval.askedBy }, { kind: 'person', id: me.id, role: me.role });
  const fields = decide.error instanceof ApiError ? decide.error.fields : {};
  const open = (what: 'approve' | 'decline') => {
    if (!may.ok) return;
    decide.reset();
    setReason('');
    setAsking(what);
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!decide.isPending) decide.mutate(asking === 'approve');
  };
  const { label } = fixWords(run.fix);
  const approving = asking !== 'decline';
  return (
    <>
      <div className={styles.buttons}>
        {(['approve', 'decline'] as const).map((what) => (
          <Button
            key={what}
            size="xs"
            variant="default"
            aria-disabled={!may.ok}
            aria-describedby={may.ok ? undefined : whyNot}
            data-disabled={!may.ok || undefined}
            onClick={() => open(what)}
            data-testid={`${what}-run`}
          >
            {W[what]}
          </Button>
        ))}
      </div>
      {!may.ok && (
        <p id={whyNot} className={styles.why} data-testid="may-not-decide">
          {may.sentence}
        </p>
      )}
      <Modal
        opened={asking !== null}
        onClose={() => setAsking(null)}
        title={approving ? W.approving(label) : W.declining(label)}
        closeButtonProps={{ 'aria-label': W.back }}
      >
        {approving && <p>{approval.needs === 'second-person' ? W.second : run.kind === 'order' ? W.admin : W.adminGuided}</p>}
        <Written run={run} />
        <form className={styles.form} onSubmit={submit} noValidate>
          {approving && asksEcid(run) && (
            <TextInput
              label={W.ecid}
              description={W.ecidWhy}
              name="ecid"
              value={ecid}
              onChange={(e) => setEcid(e.currentTarget.value)}
              error={fields.ecid}
            />
          )}
          <TextInput
            label={approving ? W.reason : W.reasonNo}
            name="reason"
            maxLength={REASON_MAX}
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            error={fields.reason}
            data-autofocus
          />
          {decide.error && Object.keys(fields).length === 0 && (
            <p className={styles.problem} role="alert">
              {W.failed}: {asApiError(decide.error).detail ?? asApiError(decide.error).title}
            </p>
          )}
          <div className={styles.buttons}>
            <Button type="submit" aria-disabled={decide.isPending} data-testid="confirm-decision">
              {decide.isPending ? W.going : approving ? W.yes : W.no}
            </Button>
            <Button variant="default" onClick={() => setAsking(null)}>
              {W.back}
            </Button>
          </div>
        </form>
      </Modal>
    </>
  );
}
