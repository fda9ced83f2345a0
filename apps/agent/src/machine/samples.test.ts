import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Fact } from '@lockstep/core/health';
import { z } from 'zod';
import { commandRow, isCommand, parsedCommands } from './commands.js';

const ROOT = fileURLToPath(new URL('../../samples/', import.meta.url));

const Meta = z.strictObject({ exit: z.int(), origin: z.enum(['synthetic', 'recorded']), note: z.string().min(1) });

const samples = readdirSync(ROOT).flatMap((system) => readdirSync(join(ROOT, system)).map((name) => join(system, name)));

describe('samples', () => {
  it('hold at least twelve of every command that is parsed', () => {
    for (const { id } of parsedCommands()) {
      expect([id, samples.filter((s) => existsSync(join(ROOT, s, `${id}.stdout`))).length >= 12]).toEqual([id, true]);
    }
  });

  it.each(samples)('%s', (sample) => {
    const folder = join(ROOT, sample);
    const meta = Meta.parse(JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')));
    const outputs = readdirSync(folder).filter((f) => f.endsWith('.stdout'));
    expect(outputs).toHaveLength(1);
    const id = outputs[0]?.slice(0, -'.stdout'.length) ?? '';
    if (!isCommand(id)) throw new Error(`${id} is no command of the table`);
    const stderr = join(folder, `${id}.stderr`);
    const facts = commandRow(id).parse?.({
      exit: meta.exit,
      stdout: readFileSync(join(folder, `${id}.stdout`), 'utf8'),
      stderr: existsSync(stderr) ? readFileSync(stderr, 'utf8') : '',
      failure: null,
    });
    expect(facts).toEqual(JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')));
    for (const fact of facts ?? []) Fact.parse({ ...fact, at: '2026-11-24T09:00:00Z', probe: id, tookMs: 0 });
  });
});
