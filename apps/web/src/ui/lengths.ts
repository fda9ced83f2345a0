const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

/**
 * A length of time in the two largest units that matter: `12 s`, `14 min`, `2 h 10 min`, `3 days`. Seconds are told below one and a
 * half minutes, so a fresh age visibly moves. Negative lengths (clocks differ) count as zero.
 */
export function lengthWords(ms: number): string {
  const t = Math.max(0, ms);
  if (t < 90 * S) return `${Math.floor(t / S)} s`;
  if (t < H) return `${Math.floor(t / MIN)} min`;
  if (t < 10 * H) {
    const m = Math.floor((t % H) / MIN);
    return m === 0 ? `${Math.floor(t / H)} h` : `${Math.floor(t / H)} h ${m} min`;
  }
  if (t < 2 * D) return `${Math.floor(t / H)} h`;
  return `${Math.floor(t / D)} days`;
}

/** `12 s ago`. */
export const agoWords = (ms: number): string => `${lengthWords(ms)} ago`;

/** `for 14 min`: what stands in a sentence in the place of `{since}`. */
export const forWords = (ms: number): string => `for ${lengthWords(ms)}`;

/** `0:42`, `2:05`, `1:02:05`: a running stopwatch. */
export function stopwatch(ms: number): string {
  const t = Math.max(0, Math.floor(ms / S));
  const two = (n: number) => String(n).padStart(2, '0');
  const h = Math.floor(t / 3600);
  const m = Math.floor((t % 3600) / 60);
  return h > 0 ? `${h}:${two(m)}:${two(t % 60)}` : `${m}:${two(t % 60)}`;
}

/** Date and time in the reader's zone, the zone named. */
export function absolute(iso: string): string {
  const d = new Date(iso);
  return Number.isNaN(d.getTime()) ? iso : d.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
}

/** The time of day in the reader's zone, with seconds. */
export function timeOfDay(iso: string): string {
  const d = new Date(iso);
  return Number.isNaN(d.getTime()) ? iso : d.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** The day in the reader's zone. */
export function day(iso: string): string {
  const d = new Date(iso);
  return Number.isNaN(d.getTime())
    ? iso
    : d.toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
}
