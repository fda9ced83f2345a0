import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { asApiError } from '../live/index.js';

export interface ConfirmProps {
  opened: boolean;
  title: ReactNode;
  text: string;
  yes: string;
  no: string;
  busy: boolean;
  /** Set when it was tried and failed: the sentence before the reason, and the reason. */
  failed: { words: string; error: unknown } | null;
  onYes: () => void;
  onNo: () => void;
}

/** Asks before something that cannot be taken back by one more click. */
export function Confirm(p: ConfirmProps) {
  const e = p.failed && asApiError(p.failed.error);
  return (
    <Modal opened={p.opened} onClose={p.onNo} title={p.title} closeButtonProps={{ 'aria-label': p.no }}>
      <p>{p.text}</p>
      {p.failed && e && (
        <p role="alert" style={{ marginTop: 12, color: 'var(--ls-broken)' }}>
          {p.failed.words}: {e.detail ?? e.title}
        </p>
      )}
      <div style={{ display: 'flex', gap: 10, marginTop: 20 }}>
        <Button
          variant="default"
          onClick={p.onYes}
          aria-disabled={p.busy}
          style={{ borderStyle: 'dashed', borderColor: 'var(--ls-broken)', color: 'var(--ls-broken)' }}
          data-testid="confirm-yes"
        >
          {p.yes}
        </Button>
        <Button variant="default" onClick={p.onNo} data-autofocus>
          {p.no}
        </Button>
      </div>
    </Modal>
  );
}
