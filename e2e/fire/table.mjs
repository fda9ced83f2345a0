// How it is printed.

const MOST_SENTENCES = 20;

/**
 * @param {import('./fire.mjs').Burnt} burnt
 * @param {{ rounds: number, seed: number }} about
 * @returns {string}
 */
export function tableOf({ rows, victims, seconds, quietSeconds, withoutRedis, runs, notes }, { rounds, seed }) {
  const killed = victims.map(({ kind, kills, awayMs }) => `${kind} ${kills}${kills > 0 ? ` (away ${(awayMs / 1000).toFixed(1)} s)` : ''}`);
  return [
    `seed ${seed}, ${rounds} kills in ${seconds.toFixed(0)} s, all quiet ${quietSeconds.toFixed(0)} s later`,
    `  killed: ${killed.join(', ')}${withoutRedis === null ? '' : `; there is ${withoutRedis}`}`,
    ...found(rows),
    `  how the runs ended: ${endings(runs)}`,
    ...sentences(rows, notes),
  ].join('\n');
}

/** @param {import('./redis-away.mjs').Away} away @returns {string} */
export function tableOfAway({ rows, figures, notes }) {
  return [...figures.map(([what, value]) => `  ${what.padEnd(64)} ${value}`), ...found(rows), ...sentences(rows, notes)].join('\n');
}

/** @param {readonly import('./verdict.mjs').Row[]} rows */
function found(rows) {
  return rows.map(
    ({ what, found: all, checked, of }) =>
      `  ${what.padEnd(28)} ${String(all.length).padStart(5)}   of ${checked.toLocaleString('en-US')} ${of}`,
  );
}

/** @param {readonly import('./verdict.mjs').Row[]} rows @param {readonly string[]} notes */
function sentences(rows, notes) {
  return [
    ...rows.flatMap(({ what, found: all }) => [
      ...all.slice(0, MOST_SENTENCES).map((sentence) => `  ! ${what}: ${sentence}`),
      ...(all.length > MOST_SENTENCES ? [`  ! ${what}: and ${all.length - MOST_SENTENCES} more`] : []),
    ]),
    ...notes.map((note) => `  ! ${note}`),
  ];
}

/** @param {readonly import('./verdict.mjs').Run[]} runs */
function endings(runs) {
  /** @type {Map<string, number>} */
  const counted = new Map();
  for (const run of runs) {
    const name = run.state === 'judged' ? (run.verdict ?? 'judged') : run.state;
    counted.set(name, (counted.get(name) ?? 0) + 1);
  }
  const names = [...counted].sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`);
  return names.join(', ') || 'there were none';
}

/**
 * Whether it proves what it is for: nothing was found, and there was something to find it in.
 * @param {{ rows: readonly import('./verdict.mjs').Row[], notes: readonly string[] }} of
 */
export function isProof({ rows, notes }) {
  return notes.length === 0 && rows.every(({ found: all, checked }) => all.length === 0 && checked > 0);
}
