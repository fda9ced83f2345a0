import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { MadeToken } from '../../live/index.js';
import { CopyText } from '../CopyText.js';
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
      <CopyText text={made.token} label={W.token} testId="token" />
      {commands.warning && <p className={styles.warning}>{W[commands.warning]}</p>}
      <h2 style={{ margin: '18px 0 0' }}>{W.run}</h2>
      <ol>
        <li>
          {W.steps.enrol}
          <CopyText text={commands.enrol} label={W.steps.enrol} testId="enrol-command" />
        </li>
        <li>
          {W.steps.start}
          <CopyText text={commands.start} label={W.steps.start} testId="run-command" />
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
