import { causeTitle } from '@lockstep/core/diagnosis';
import { type Health, LAYERS, type Layer } from '@lockstep/core/health';
import type { FleetSummary } from '@lockstep/core/protocol';
import type { Ref } from 'react';
import { type FleetView, MAX_Q } from '../../live/index.js';
import { Chip, FilterTag, HEALTH_WORDS, LAYER_WORDS, Mark, Name, SearchField } from '../../ui/index.js';
import styles from './Fleet.module.css';
import { WORDS } from './words.js';

const CHIPS: readonly Health[] = ['broken', 'waiting', 'unknown', 'degraded', 'healthy'];

const toggled = <T,>(list: readonly T[], v: T): T[] => (list.includes(v) ? list.filter((x) => x !== v) : [...list, v]);

export interface FleetFiltersProps {
  view: FleetView;
  summary: FleetSummary | undefined;
  /** A name for the computer that is filtered by, when a row tells it. */
  hostName: string | null;
  /** `replace`: typing is one step of the way back, not one per letter. */
  onChange: (view: FleetView, replace?: boolean) => void;
}

/** Counts by health and by layer, each a filter; and the filters that came by a link, each with its way out. */
export function FleetFilters({ view, summary, hostName, onChange }: FleetFiltersProps) {
  return (
    <div className={styles.filters}>
      <fieldset className={styles.group} style={{ border: 0, margin: 0, padding: 0 }}>
        <legend className={styles.groupLabel} style={{ padding: 0, marginBottom: 6 }}>
          {WORDS.byHealth}
        </legend>
        <div className={styles.chips}>
          {CHIPS.map((health) => (
            <Chip
              key={health}
              pressed={view.health.includes(health)}
              count={summary?.health[health] ?? null}
              title={HEALTH_WORDS[health].means}
              testId={`filter-${health}`}
              onToggle={() => onChange({ ...view, health: toggled(view.health, health) })}
            >
              <Mark kind={health} />
              {HEALTH_WORDS[health].word}
            </Chip>
          ))}
          <Chip
            pressed={view.presence.includes('away')}
            count={summary?.away ?? null}
            title={WORDS.awayHint}
            testId="filter-away"
            onToggle={() => onChange({ ...view, presence: view.presence.includes('away') ? [] : ['away', 'never-seen'] })}
          >
            <Mark kind="away" />
            {WORDS.awayChip}
          </Chip>
        </div>
      </fieldset>
      <fieldset className={styles.group} style={{ border: 0, margin: 0, padding: 0 }}>
        <legend className={styles.groupLabel} style={{ padding: 0, marginBottom: 6 }}>
          {WORDS.byLayer}
        </legend>
        <div className={styles.rungsScroll}>
          <div className={styles.rungs}>
            {LAYERS.map((layer) => (
              <RungFilter
                key={layer}
                layer={layer}
                n={summary?.layers[layer] ?? null}
                pressed={view.layer.includes(layer)}
                onToggle={() => onChange({ ...view, layer: toggled(view.layer, layer) })}
              />
            ))}
          </div>
        </div>
      </fieldset>
      {(view.host || view.cause) && (
        <div className={styles.tags}>
          {view.host && (
            <FilterTag label={WORDS.host} remove={WORDS.remove(WORDS.host)} onRemove={() => onChange({ ...view, host: null })}>
              {hostName ? <Name of={hostName} /> : view.host}
            </FilterTag>
          )}
          {view.cause && (
            <FilterTag label={WORDS.cause} remove={WORDS.remove(WORDS.cause)} onRemove={() => onChange({ ...view, cause: null })}>
              {causeTitle(view.cause)}
            </FilterTag>
          )}
        </div>
      )}
    </div>
  );
}

function RungFilter({ layer, n, pressed, onToggle }: { layer: Layer; n: number | null; pressed: boolean; onToggle: () => void }) {
  const { name, plain } = LAYER_WORDS[layer];
  return (
    <button
      type="button"
      className={styles.rung}
      aria-pressed={pressed}
      data-some={(n ?? 0) > 0 || undefined}
      title={n === null ? plain : WORDS.byLayerHint(name, plain, n)}
      onClick={onToggle}
      data-testid={`filter-layer-${layer}`}
    >
      {name}
      <b>{n ?? '–'}</b>
    </button>
  );
}

/** The search. */
export function FleetSearchField({
  view,
  onChange,
  searchRef,
}: Pick<FleetFiltersProps, 'view' | 'onChange'> & { searchRef: Ref<HTMLInputElement> }) {
  return (
    <SearchField
      value={view.q}
      onSearch={(q) => onChange({ ...view, q }, true)}
      label={WORDS.search}
      maxLength={MAX_Q}
      className={styles.search}
      inputRef={searchRef}
    />
  );
}
