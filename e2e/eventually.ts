/** Waits generously, because the machine may be busy; the seconds are returned to be printed, never asserted. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  seconds = 90,
): Promise<{ value: T; seconds: number }> {
  const started = performance.now();
  let last: unknown = null;
  while (performance.now() - started < seconds * 1000) {
    try {
      const value = await look();
      if (value !== null && value !== undefined && value !== false) return { value, seconds: (performance.now() - started) / 1000 };
      last = value;
    } catch (error) {
      last = error;
    }
    await new Promise((r) => setTimeout(r, 200));
  }
  throw new Error(`not within ${seconds} s: ${what}; last seen: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}

/** Prints a measured time beside the story it belongs to. */
export function tell(what: string, seconds: number): void {
  process.stdout.write(`    ${what}: ${seconds.toFixed(1)} s\n`);
}
