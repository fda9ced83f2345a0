import type { Tri } from '../health/index.js';

export type { Tri };

export const TRIS: readonly Tri[] = ['yes', 'no', 'unknown'];

export const tri = (b: boolean): Tri => (b ? 'yes' : 'no');

/** All of them yes: yes; one no: no; else unknown. */
export function all(...values: readonly Tri[]): Tri {
  let unknown = false;
  for (const value of values) {
    if (value === 'no') return 'no';
    if (value === 'unknown') unknown = true;
  }
  return unknown ? 'unknown' : 'yes';
}

/** One of them yes: yes; all no: no; else unknown. */
export function any(...values: readonly Tri[]): Tri {
  let unknown = false;
  for (const value of values) {
    if (value === 'yes') return 'yes';
    if (value === 'unknown') unknown = true;
  }
  return unknown ? 'unknown' : 'no';
}

export function not(value: Tri): Tri {
  return value === 'yes' ? 'no' : value === 'no' ? 'yes' : 'unknown';
}
