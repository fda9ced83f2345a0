import { type Fact, type FactKind, factKey } from '@lockstep/core/health';
import { LIMITS } from '@lockstep/core/protocol';

/**
 * Measures that differ at every look and mean nothing by themselves: a reading whose other fields are as before has not changed.
 * They travel whenever the fact does.
 */
const MEASURES: Partial<Record<FactKind, readonly string[]>> = {
  'agent-self': ['uptimeS', 'outbox.waiting'],
  'agent-limits': ['rssMb', 'cpuPercent'],
  'mux-daemon': ['latencyMs'],
  lockdown: ['latencyMs'],
};

/** What a fact says, without when it was read, how long it took and its measures: equal text is an unchanged fact. */
export function factContent(fact: Fact): string {
  if (fact.state === 'absent') return `absent ${fact.probe}`;
  if (fact.state === 'failed') return `failed ${fact.probe} ${fact.reason}`;
  return `seen ${fact.probe} ${sortedJson(fact.reading, MEASURES[fact.kind] ?? [])}`;
}

/** JSON with sorted keys, so that two probes that build an object in different order agree; `skip` holds dotted paths to leave out. */
function sortedJson(value: unknown, skip: readonly string[], path = ''): string {
  if (Array.isArray(value)) return `[${value.map((v) => sortedJson(v, skip, path)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([k]) => !skip.includes(path ? `${path}.${k}` : k))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([k, v]) => `${JSON.stringify(k)}:${sortedJson(v, skip, path ? `${path}.${k}` : k)}`).join(',')}}`;
}

/** What the server was last told, by fact key. */
export class Reported {
  readonly #last = new Map<string, string>();

  /** The facts that differ from what was told last, the newest of each key; they count as told from now on. */
  changed(facts: readonly Fact[]): Fact[] {
    const out: Fact[] = [];
    for (const fact of newestPerKey(facts)) {
      const key = factKey(fact);
      const content = factContent(fact);
      if (this.#last.get(key) === content) continue;
      this.#last.set(key, content);
      out.push(fact);
    }
    return out;
  }

  /** Forgets everything: the next picture is told whole. */
  clear(): void {
    this.#last.clear();
  }
}

/** The last fact of each key, in order. */
export function newestPerKey(facts: readonly Fact[]): Fact[] {
  return [...new Map(facts.map((f) => [factKey(f), f])).values()];
}

/** Room for the envelope around the facts of one message (type, epoch, seq, at, run id, detail) stays free of the frame. */
const FACT_BYTES = LIMITS.frameBytes - 4_096;

/** Facts in portions that fit a message by count and bytes. At least one portion, possibly empty. */
export function portions(facts: readonly Fact[]): Fact[][] {
  const out: Fact[][] = [[]];
  let bytes = 0;
  for (const fact of facts) {
    const size = Buffer.byteLength(JSON.stringify(fact), 'utf8') + 1;
    const last = out.at(-1);
    if (last && (last.length === 0 || (last.length < LIMITS.facts && bytes + size <= FACT_BYTES))) {
      last.push(fact);
      bytes = last.length === 1 ? size : bytes + size;
    } else {
      out.push([fact]);
      bytes = size;
    }
  }
  return out;
}
