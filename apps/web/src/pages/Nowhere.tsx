import { Button } from '@mantine/core';
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { EmptyState, ErrorState } from '../ui/index.js';
import { WORDS } from './words.js';

/** An address without a page. */
export function Nowhere() {
  return (
    <main style={{ padding: '0 var(--ls-gutter)' }}>
      <EmptyState title={WORDS.nowhere.title} next={<Link to="/">{WORDS.toFleet}</Link>}>
        {WORDS.nowhere.text}
      </EmptyState>
    </main>
  );
}

/** A page that threw. */
export function Crashed({ error }: ErrorComponentProps) {
  return (
    <main style={{ padding: '0 var(--ls-gutter)' }}>
      <ErrorState
        title={WORDS.crashed.title}
        detail={error instanceof Error ? error.message : String(error)}
        next={
          <Button size="xs" variant="default" onClick={() => window.location.reload()}>
            {WORDS.crashed.reload}
          </Button>
        }
      >
        {WORDS.crashed.text}
      </ErrorState>
    </main>
  );
}
