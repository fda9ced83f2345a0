import { Button } from '@mantine/core';
import { Link, useRouterState } from '@tanstack/react-router';
import { asApiError } from '../live/index.js';
import { ErrorState, ForbiddenState } from '../ui/index.js';
import { WORDS } from './words.js';

/** Why a page cannot show what it should, with what can be done about it. */
export function Problem({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const e = asApiError(error);
  const atHome = useRouterState({ select: (s) => s.location.pathname === '/' });
  const home = atHome ? null : <Link to="/">{WORDS.toFleet}</Link>;
  if (e.status === 403) {
    return (
      <ForbiddenState title={WORDS.error.forbidden.title} detail={e.detail} next={home}>
        {WORDS.error.forbidden.text}
      </ForbiddenState>
    );
  }
  const words =
    e.kind === 'unreachable'
      ? WORDS.error.unreachable
      : e.kind === 'unexpected'
        ? WORDS.error.unexpected
        : e.status === 404
          ? WORDS.error.notFound
          : WORDS.error.other;
  return (
    <ErrorState
      title={words.title}
      detail={e.kind === 'unreachable' ? null : (e.detail ?? e.title)}
      next={
        <>
          {e.status !== 404 && (
            <Button size="xs" variant="default" onClick={e.kind === 'unexpected' ? () => window.location.reload() : onRetry}>
              {e.kind === 'unexpected' ? WORDS.crashed.reload : WORDS.retry}
            </Button>
          )}
          {home}
        </>
      }
    >
      {words.text}
    </ErrorState>
  );
}
