/** Where the link writes what it does: level, a constant message, and fields without secrets. */
export type LinkLog = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
