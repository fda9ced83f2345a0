/** A set of rules, by number: bit n % 32 of word n / 32. */
export type RuleSet = Int32Array;

/** An empty set for rules below `count`. */
export function emptySet(count: number): RuleSet {
  return new Int32Array(Math.ceil(count / 32));
}

export function addTo(set: RuleSet, n: number): void {
  set[n >> 5] = (set[n >> 5] as number) | (1 << (n & 31));
}

export function isIn(set: RuleSet, n: number): boolean {
  return ((set[n >> 5] as number) & (1 << (n & 31))) !== 0;
}

/** Takes everything in `less` out of `set`; null takes nothing. */
export function takeOut(set: RuleSet, less: RuleSet | null | undefined): void {
  if (!less) return;
  for (let w = 0; w < set.length; w++) set[w] = (set[w] as number) & ~(less[w] as number);
}

/** Puts everything in `more` into `set`; null puts nothing. */
export function putIn(set: RuleSet, more: RuleSet | null | undefined): void {
  if (!more) return;
  for (let w = 0; w < set.length; w++) set[w] = (set[w] as number) | (more[w] as number);
}

/** Whether two sets have a rule in common. */
export function meets(a: RuleSet, b: RuleSet): boolean {
  for (let w = 0; w < a.length; w++) if (((a[w] as number) & (b[w] as number)) !== 0) return true;
  return false;
}
