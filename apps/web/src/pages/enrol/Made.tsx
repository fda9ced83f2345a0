import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { MadeToken } from '../../live/index.js';
import { enrolCommands } from '../commands.js';
import styles from './Enrol.module.css';
import { WORDS } from './words.js';

const W = WORDS.made;

/** The token, this once, and what to run on the other computer. */
export function Made({ made, onDone }: { made: MadeToken; onDone: () => void }) {
  const commands = enrolCommands(window.location.origin);
  return (
    <section className={styles.made} aria-labelledby="made" data-testid="made-token">
      <h2 id="made" style={{ marginBottom: 4 }}>
        {W.title}
      </h2>
      <p>{W.once}</p>
      <Code text={made.token} label={W.token} testId="token" />
      {commands.warning && <p className={styles.warning}>{W[commands.warning]}</p>}
      <h2 style={{ margin: '18px 0 0' }}>{W.run}</h2>
      <ol>
        <li>
          {W.steps.enrol}
          <Code text={commands.enrol} label={W.steps.enrol} testId="enrol-command" />
        </li>
        <li>
          {W.steps.start}
          <Code text={commands.start} label={W.steps.start} testId="run-command" />
        </li>
        <li>
          {W.steps.see} <Link to="/hosts">Hosts</Link>
        </li>
      </ol>
      <Button variant="default" onClick={onDone}>
        {W.done}
      </Button>
    </section>
  );
}

/** Text to be carried elsewhere: one click selects it whole; the copy button is there where the browser allows it. */
function Code({ text, label, testId }: { text: string; label: string; testId: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles.code}>
      <code data-testid={testId}>{text}</code>
      {window.isSecureContext && (
        <button
          type="button"
          aria-label={`${W.copy}: ${label}`}
          onClick={() => {
            void navigator.clipboard.writeText(text).then(() => {
              setCopied(true);
              setTimeout(() => setCopied(false), 2000);
            });
          }}
        >
          {copied ? W.copied : W.copy}
        </button>
      )}
    </div>
  );
}
