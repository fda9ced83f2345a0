import { Modal } from '@mantine/core';
import styles from './KeyHelp.module.css';
import { KEYS } from './keyboard.js';

const NAMES: Record<string, string> = { Escape: 'Esc', Enter: 'Enter' };

/** The list that `?` shows. */
export function KeyHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const groups = [...new Set(KEYS.map((k) => k.group))];
  return (
    <Modal opened={opened} onClose={onClose} title="By keyboard" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className={styles.groups}>
        {groups.map((group) => (
          <section key={group} className={styles.group}>
            <h3>{group}</h3>
            <dl>
              {KEYS.filter((k) => k.group === group).map((k) => (
                <div key={k.command} className={styles.row}>
                  <dt>{k.words}</dt>
                  <dd>
                    {k.keys.map((key) => (
                      <kbd key={key}>{NAMES[key] ?? key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
