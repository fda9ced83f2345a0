import { useState } from 'react';
import styles from './CopyText.module.css';
import { WORDS } from './words.js';

/** Text to be carried elsewhere: one click selects it whole; the copy button is there where the browser allows it. */
export function CopyText({ text, label, testId }: { text: string; label: string; testId: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles.code}>
      <code data-testid={testId}>{text}</code>
      {window.isSecureContext && (
        <button
          type="button"
          aria-label={`${WORDS.copy}: ${label}`}
          onClick={() => {
            void navigator.clipboard.writeText(text).then(() => {
              setCopied(true);
              setTimeout(() => setCopied(false), 2000);
            });
          }}
        >
          {copied ? WORDS.copied : WORDS.copy}
        </button>
      )}
    </div>
  );
}
