import type { ReactNode } from 'react';
import { Brand } from '../Brand.js';
import { ThemeMenu } from '../ThemeMenu.js';
import { WORDS } from '../words.js';
import styles from './Entry.module.css';

/** The page before a session. */
export function Entry({ children }: { children: ReactNode }) {
  return (
    <main className={styles.page}>
      <div>
        <div className={styles.head}>
          <Brand size={22} />
          <span>{WORDS.product}</span>
          <ThemeMenu />
        </div>
        {children}
      </div>
    </main>
  );
}
