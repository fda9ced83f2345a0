/**
 * SQL: when the last backup of a phone on a computer finished, as the current fact shows it: text of an agent, or null. A backup counts
 * when its status says finished and its manifest is there; one of which either is not known proves nothing.
 */
export function BACKUP_AT(hostId: string, udid: string): string {
  return `(SELECT f.reading ->> 'at' FROM fact f WHERE f.host_id = ${hostId} AND f.udid = ${udid} AND f.kind = 'backup' AND f.state = 'seen'
    AND f.reading ->> 'snapshot' = 'finished' AND f.reading ->> 'manifest' = 'true')`;
}

/** That text in ms; null when it is none. */
export function finishedAt(at: string | null): number | null {
  const ms = at === null ? Number.NaN : Date.parse(at);
  return Number.isNaN(ms) ? null : ms;
}
