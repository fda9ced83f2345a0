import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Fact } from '@lockstep/core/health';
import { z } from 'zod';
import { decodeOutput } from './decode.js';
import { commandRow, isCommand, OUTPUT_BYTES, parsedCommands } from './index.js';

const ROOT = fileURLToPath(new URL('../../samples/', import.meta.url));

const Meta = z.strictObject({
  exit: z.int(),
  origin: z.enum(['synthetic', 'recorded']),
  note: z.string().min(1),
  /** Why the tool has no usable end, where it has none. */
  failure: z.enum(['timeout', 'missing-tool', 'denied', 'too-large', 'closed']).optional(),
});

const samples = readdirSync(ROOT).flatMap((system) => readdirSync(join(ROOT, system)).map((name) => join(system, name)));
const commandOf = (sample: string) => {
  const outputs = readdirSync(join(ROOT, sample)).filter((f) => f.endsWith('.stdout'));
  if (outputs.length !== 1) throw new Error(`${sample} holds ${outputs.length} outputs instead of one`);
  const id = outputs[0]?.slice(0, -'.stdout'.length) ?? '';
  if (!isCommand(id)) throw new Error(`${id} is no command of the table`);
  return id;
};

describe('samples', () => {
  it('hold at least twelve of the command that tells of the daemon', () => {
    expect(samples.filter((s) => existsSync(join(ROOT, s, 'usbmuxd-show.stdout'))).length).toBeGreaterThanOrEqual(12);
  });

  it('are as many as the README says, of each origin', () => {
    const origins = samples.map((s) => Meta.parse(JSON.parse(readFileSync(join(ROOT, s, 'meta.json'), 'utf8'))).origin);
    const of = (origin: string) => origins.filter((o) => o === origin).length;
    const readme = readFileSync(fileURLToPath(new URL('../../../../README.md', import.meta.url)), 'utf8');
    expect(/Samples of commands' outputs [^\n]*/.exec(readme)?.[0]).toContain(`: ${of('synthetic')} synthetic, ${of('recorded')} recorded`);
  });

  it.each(parsedCommands().map((c) => c.id))('of %s hold one that reads something and one that does not', (id) => {
    const states = samples
      .filter((s) => existsSync(join(ROOT, s, `${id}.stdout`)))
      .map((s) => (JSON.parse(readFileSync(join(ROOT, s, 'expected.json'), 'utf8')) as { state: string }[]).map((f) => f.state));
    expect(states.some((s) => s.includes('seen') || s.includes('absent'))).toBe(true);
    // Of phones that nobody names there is no failed fact either.
    expect(states.some((s) => s.every((state) => state === 'failed'))).toBe(true);
  });

  it.each(samples)('%s', (sample) => {
    const folder = join(ROOT, sample);
    const meta = Meta.parse(JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')));
    const id = commandOf(sample);
    const read = (file: string) => (existsSync(join(folder, file)) ? decodeOutput(readFileSync(join(folder, file))) : '');
    const stdout = read(`${id}.stdout`);
    expect(stdout.length).toBeLessThanOrEqual(commandRow(id).outputBytes ?? OUTPUT_BYTES);
    const facts = commandRow(id).parse?.({
      exit: meta.failure ? null : meta.exit,
      stdout,
      stderr: read(`${id}.stderr`),
      failure: meta.failure ?? null,
    });
    // A command without a parser answers no question by itself.
    expect(facts ?? []).toEqual(JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')));
    for (const fact of facts ?? []) Fact.parse({ ...fact, at: '2026-11-24T09:00:00Z', probe: id, tookMs: 0 });
  });
});
