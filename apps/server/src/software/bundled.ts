import { readFileSync } from 'node:fs';
import { type DatedPart, Requirements, Snapshot, WindowsLifecycle } from '@lockstep/core/software';
import { DATA_DIR } from './authorities.js';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, DATA_DIR), 'utf8'));

/** What comes with the server: the feeds of the day on which the snapshot was made, and the rows that are kept by hand. */
export interface Bundled {
  parts: DatedPart[];
  requirements: Requirements;
  /** Until when Microsoft updates which Windows, as of the day that it names. */
  windows: WindowsLifecycle;
}

/** Reads the files that come with the server. Throws when they were spoiled. */
export function readBundled(): Bundled {
  const { feeds } = Snapshot.parse(read('software-snapshot.json'));
  return {
    parts: feeds.map(({ fetchedAt, part }) => ({ part, fetchedAt: Date.parse(fetchedAt) })),
    requirements: Requirements.parse(read('software-requirements.json')),
    windows: WindowsLifecycle.parse(read('windows-lifecycle.json')),
  };
}
