import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { FACT_KIND_NAMES, FACT_KINDS, type FactKind } from '../src/health/index.js';

/** A schema as JSON Schema draws it, as far as readings use it. */
interface Shape {
  type?: string | string[];
  anyOf?: Shape[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  items?: Shape;
  properties?: Record<string, Shape>;
  required?: string[];
}

const NAMED: Record<string, string> = {
  'integer 0 1000000000': 'count',
  'integer 0 9007199254740991': 'bytes',
  'number 0 86400000': 'ms',
  'number 0 315360000': 's',
  'number 0 100': 'percent',
  'number -3155760000 3155760000': 'skew',
};

/** A schema in SPEC.md's words. */
function words(s: Shape): string {
  if (s.anyOf) {
    const some = s.anyOf.filter((x) => x.type !== 'null');
    return some.map(words).join('/') + (some.length < s.anyOf.length ? ' or null' : '');
  }
  if (Array.isArray(s.type)) return `${words({ ...s, type: s.type.find((t) => t !== 'null') ?? 'null' })} or null`;
  if (s.const !== undefined) return `\`${String(s.const)}\``;
  if (s.enum) return s.enum.map((e) => `\`${String(e)}\``).join('/');
  switch (s.type) {
    case 'string':
      return s.format === 'date-time' ? 'time' : s.maxLength === undefined ? 'UDID' : `≤ ${s.maxLength}`;
    case 'integer':
    case 'number':
      return NAMED[`${s.type} ${s.minimum} ${s.maximum}`] ?? `${s.type} ${s.minimum}…${s.maximum}`;
    case 'array':
      return `array ≤ ${s.maxItems} of ${words(s.items ?? {})}`;
    case 'object':
      return isUsbDevice(s) ? 'a `usb-device` reading with `udid` UDID or null, `ecid` ≤ 24 or null' : `{${fields(s, ': ')}}`;
    default:
      return String(s.type);
  }
}

const isUsbDevice = (s: Shape) => s.properties?.muxInterface !== undefined && s.properties.udid !== undefined;

function fields(s: Shape, between: string): string {
  return Object.entries(s.properties ?? {})
    .map(([name, field]) => `\`${name}\`${s.required?.includes(name) ? '' : '?'}${between}${words(field)}`)
    .join(', ');
}

/** A kind's row of the table. */
function rowOf(kind: FactKind): string {
  const { subject, pace, on, reading } = FACT_KINDS[kind];
  const systems = on.length === 3 ? 'all' : on.join(', ');
  return `| \`${kind}\` | ${subject} | ${pace} | ${systems} | ${fields(z.toJSONSchema(reading, { io: 'input' }) as Shape, ' ')} |`;
}

const spec = readFileSync(new URL('../src/protocol/SPEC.md', import.meta.url), 'utf8');
const told = spec.split('\n').flatMap((line) => {
  const cells = line.split('|').map((c) => c.trim());
  return cells.length === 7 && cells[1] !== 'kind' && !/^-+$/.test(cells[1] ?? '') ? [`| ${cells.slice(1, 6).join(' | ')} |`] : [];
});

describe('the table of fact kinds in SPEC.md', () => {
  it.each(FACT_KIND_NAMES)('says of %s what its schema says', (kind) => {
    expect(told.filter((row) => row.startsWith(`| \`${kind}\` |`))).toEqual([rowOf(kind)]);
  });

  it('names no kind that is none, and all in their order', () => {
    expect(told.map((row) => /^\| `([a-z-]+)` \|/.exec(row)?.[1])).toEqual(FACT_KIND_NAMES);
  });
});
