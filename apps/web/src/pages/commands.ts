/** What an admin runs on the other computer, and what has to be said about the address in it. */
export interface EnrolCommands {
  enrol: string;
  start: string;
  /** `loopback`: the address reaches no other computer. `plain`: without TLS no other computer may enrol. */
  warning: 'loopback' | 'plain' | null;
}

/** The commands for a console seen at `origin`, such as `https://lockstep.example`. */
export function enrolCommands(origin: string): EnrolCommands {
  const url = new URL(origin);
  const name = url.hostname;
  const loopback = name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
  return {
    enrol: `npx --no-install lockstep-agent enroll --server ${url.origin}`,
    start: 'npx --no-install lockstep-agent run',
    warning: loopback ? 'loopback' : url.protocol === 'http:' ? 'plain' : null,
  };
}

/** A whole number within bounds, or null. */
export function wholeNumber(text: string, least: number, most: number): number | null {
  const n = /^\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return n >= least && n <= most ? n : null;
}
