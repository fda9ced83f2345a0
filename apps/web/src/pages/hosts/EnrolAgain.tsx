import { printable } from '@lockstep/core/health';
import { Button, Modal } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { enrolCommands } from '../commands.js';
import styles from '../Rows.module.css';
import { WORDS } from './words.js';

const W = WORDS.again;

/** How a computer that was revoked comes back. */
export function EnrolAgain({ name, opened, onClose }: { name: string; opened: boolean; onClose: () => void }) {
  const commands = enrolCommands(window.location.origin);
  return (
    <Modal opened={opened} onClose={onClose} title={W.title(printable(name))} size="lg" closeButtonProps={{ 'aria-label': W.close }}>
      <p>{W.why}</p>
      <ol className={styles.steps}>
        <li>
          {W.steps.token} <Link to="/enrol">{W.steps.tokenLink}</Link>.
        </li>
        <li>
          {W.steps.run} <code data-testid="enrol-again">{commands.enrol} --again</code>
        </li>
        <li>
          {W.steps.start} <code>{commands.start}</code>
        </li>
      </ol>
      <p>{W.shared}</p>
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {W.close}
        </Button>
      </div>
    </Modal>
  );
}
