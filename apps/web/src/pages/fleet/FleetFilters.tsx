import { causeTitle } from '@lockstep/core/diagnosis';
import { type Health, LAYERS, type Layer } from '@lockstep/core/health';
import type { FleetSummary } from '@lockstep/core/protocol';
import { TextInput } from '@mantine/core';
import { type Ref, useEffect, useRef, useState } from 'react';
import { type FleetView, MAX_Q } from '../../live/index.js';
import { Chip, HEALTH_WORDS, LAYER_WORDS, Mark, Name } from '../../ui/index.js';
import styles from './Fleet.module.css';
import { WORDS } from './words.js';

const CHIPS: readonly Health[] = ['broken', 'waiting', 'unknown', 'degraded', 'healthy'];
/** A search is asked when typing rests this long, ms. */
const REST_MS = 250;

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
            <Tag label={WORDS.host} onRemove={() => onChange({ ...view, host: null })}>
              {hostName ? <Name of={hostName} /> : view.host}
            </Tag>
          )}
          {view.cause && (
            <Tag label={WORDS.cause} onRemove={() => onChange({ ...view, cause: null })}>
              {causeTitle(view.cause)}
            </Tag>
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

function Tag({ label, children, onRemove }: { label: string; children: React.ReactNode; onRemove: () => void }) {
  return (
    <span className={styles.tag}>
      <span className={styles.faint}>{label}:</span> {children}
      <button type="button" aria-label={WORDS.remove(label)} onClick={onRemove}>
        ×
      </button>
    </span>
  );
}

/** The search. */
export function FleetSearchField({
  view,
  onChange,
  searchRef,
}: Pick<FleetFiltersProps, 'view' | 'onChange'> & { searchRef: Ref<HTMLInputElement> }) {
  const [text, setText] = useState(view.q);
  const sent = useRef(view.q);
  const latest = useRef({ view, onChange });
  useEffect(() => {
    latest.current = { view, onChange };
  });
  // The address changed by other means (Back, a link): the field follows.
  useEffect(() => {
    if (view.q !== sent.current) {
      sent.current = view.q;
      setText(view.q);
    }
  }, [view.q]);
  useEffect(() => {
    const q = text.trim();
    if (q === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = q;
      latest.current.onChange({ ...latest.current.view, q }, true);
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      ref={searchRef}
      className={styles.search}
      type="search"
      size="xs"
      aria-label={WORDS.search}
      placeholder={WORDS.search}
      value={text}
      maxLength={MAX_Q}
      rightSection={<kbd>/</kbd>}
      onChange={(e) => setText(e.currentTarget.value)}
      data-testid="search"
    />
  );
}
