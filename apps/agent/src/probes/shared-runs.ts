import { type CommandId, commandRow, isCommand, type Machine, type Params, type Ran } from '../machine/index.js';

/** Questions that ask the same command within this time share one answer, ms: three of them look at the list of processes. */
const SHARED_MS = 3_000;

export interface Sharing {
  /** How long an answer serves those who ask, ms. */
  ms?: number;
  /** Only commands whose start is costly. */
  costlyOnly?: boolean;
}

/**
 * The same computer, whose commands that only read are run once for several questions that ask at the same time. A shared run ends by its
 * own deadline, not by the signal of one of those who wait for it. A costly one also serves whoever asks while it is under way.
 */
export function sharingRuns(
  machine: Machine,
  monotonic: () => number,
  { ms = SHARED_MS, costlyOnly = false }: Sharing = {},
): Machine & { forget(): void } {
  const runs = new Map<string, { at: number; ran: Promise<Ran>; under: boolean }>();
  const begin = (key: string, at: number, ran: Promise<Ran>, under: boolean) => {
    const held = { at, ran, under };
    runs.set(key, held);
    const over = () => {
      held.under = false;
    };
    void ran.then(over, over);
    return held;
  };
  const run: Machine['run'] = async (id, signal, params: Params = {}) => {
    if (signal?.aborted) return { exit: null, stdout: '', stderr: '', failure: 'aborted' };
    const row = commandRow(id);
    if (row.effect !== 'reads' || (costlyOnly && !row.costly)) return await machine.run(id, signal, params);
    const key = `${id} ${JSON.stringify(params)}`;
    const now = monotonic();
    for (const [k, held] of runs) if (now - held.at > ms && !held.under) runs.delete(k);
    const held = runs.get(key) ?? begin(key, now, machine.run(id, undefined, params), row.costly === true);
    return await held.ran;
  };
  return new Proxy(machine, {
    get(target, name) {
      if (name === 'run') return run;
      // What was heard is not so any more: the next to ask starts anew.
      if (name === 'forget') return () => runs.clear();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as Machine & { forget(): void };
}

/** Commands of a list of asked things whose start costs so much that questions ask them together. */
export function costlyAmong(asks: readonly string[]): CommandId[] {
  return asks.filter((a): a is CommandId => isCommand(a) && commandRow(a).costly === true);
}
