import { printable } from '@lockstep/core/health';

/** A name that came from a phone or a computer: without control characters, and unable to turn the text around it. */
export function Name({ of, fallback = 'unnamed' }: { of: string | null; fallback?: string }) {
  const text = of === null ? '' : printable(of).trim();
  return text === '' ? <span>{fallback}</span> : <bdi>{text}</bdi>;
}
