import { causeTitle } from '@lockstep/core/diagnosis';
import type { TicketSummary } from '@lockstep/core/protocol';
import { TICKET_PRIORITIES } from '@lockstep/core/tickets';
import type { TicketsView } from '../../live/index.js';
import { Chip, FilterTag, Name } from '../../ui/index.js';
import { PriorityMark } from './marks.js';
import styles from './Tickets.module.css';
import { WORDS } from './words.js';

const toggled = <T,>(list: readonly T[], v: T): T[] => (list.includes(v) ? list.filter((x) => x !== v) : [...list, v]);

export interface TicketFiltersProps {
  view: TicketsView;
  summary: TicketSummary | undefined;
  /** A name for the computer that is filtered by, when a row tells it. */
  hostName: string | null;
  onChange: (view: TicketsView) => void;
}

/** State, priority and whose, each a filter; counts are of open tickets. And the filters that came by a link, each with its way out. */
export function TicketFilters({ view, summary, hostName, onChange }: TicketFiltersProps) {
  const counted = view.state === 'open';
  const tag = (key: 'host' | 'pair' | 'cause' | 'assignee', label: string, children: React.ReactNode) => (
    <FilterTag key={key} label={label} remove={WORDS.remove(label)} onRemove={() => onChange({ ...view, [key]: null })}>
      {children}
    </FilterTag>
  );
  const isPerson = view.assignee !== null && view.assignee !== 'me' && view.assignee !== 'none';
  return (
    <div className={styles.filters}>
      <fieldset className={styles.group}>
        <legend>{WORDS.byState}</legend>
        <div className={styles.chips}>
          {(['open', 'closed', 'all'] as const).map((state) => (
            <Chip
              key={state}
              pressed={view.state === state}
              onToggle={() => onChange({ ...view, state })}
              testId={`state-${state}`}
              {...(state === 'open' ? { count: summary?.open ?? null } : {})}
            >
              {WORDS.state[state]}
            </Chip>
          ))}
        </div>
      </fieldset>
      <fieldset className={styles.group}>
        <legend>{WORDS.byPriority}</legend>
        <div className={styles.chips}>
          {TICKET_PRIORITIES.map((priority) => (
            <Chip
              key={priority}
              pressed={view.priority.includes(priority)}
              onToggle={() => onChange({ ...view, priority: toggled(view.priority, priority) })}
              title={WORDS.priority[priority].means}
              testId={`priority-${priority}`}
              {...(counted ? { count: summary?.priority[priority] ?? null } : {})}
            >
              <PriorityMark priority={priority} />
            </Chip>
          ))}
        </div>
      </fieldset>
      <fieldset className={styles.group}>
        <legend>{WORDS.byAssignee}</legend>
        <div className={styles.chips}>
          <Chip
            pressed={view.assignee === 'me'}
            onToggle={() => onChange({ ...view, assignee: view.assignee === 'me' ? null : 'me' })}
            testId="assignee-me"
          >
            {WORDS.mine}
          </Chip>
          <Chip
            pressed={view.assignee === 'none'}
            onToggle={() => onChange({ ...view, assignee: view.assignee === 'none' ? null : 'none' })}
            testId="assignee-none"
            {...(counted ? { count: summary?.unassigned ?? null } : {})}
          >
            {WORDS.nobodys}
          </Chip>
        </div>
      </fieldset>
      {(view.host || view.pair || view.cause || isPerson) && (
        <div className={styles.tags}>
          {view.host && tag('host', WORDS.host, hostName ? <Name of={hostName} /> : view.host)}
          {view.pair && tag('pair', WORDS.pair, WORDS.onePair)}
          {view.cause && tag('cause', WORDS.cause, causeTitle(view.cause))}
          {isPerson && tag('assignee', WORDS.assignee, WORDS.someone)}
        </div>
      )}
    </div>
  );
}
