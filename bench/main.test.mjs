import { describe, expect, it } from '@jest/globals';
import { phasesOf } from './cold/bench.mjs';
import { matched } from './live/bench.mjs';
import { BENCHES, parseArguments } from './main.mjs';

describe('arguments', () => {
  it('name a bench and its sizes', () => {
    expect(parseArguments(['ingest'])).toEqual({ name: 'ingest', sizes: { agents: 1_000, seconds: 10 }, json: null });
    expect(parseArguments(['live', '--changes', '7', '--json', 'out.json'])).toEqual({
      name: 'live',
      sizes: { agents: 1_000, changes: 7 },
      json: 'out.json',
    });
    expect(parseArguments([])).toBeNull();
  });

  it.each([
    [['speed'], 'speed'],
    [['ingest', '--connections', '5'], '--connections'],
    [['ingest', '--agents', '0'], '--agents'],
    [['ingest', '--agents'], '--agents'],
    [['ingest', 'agents', '5'], 'agents'],
  ])('%j are refused by name', (args, named) => {
    expect(() => parseArguments(args)).toThrow(named);
  });

  it('reach every bench', async () => {
    for (const bench of Object.values(BENCHES)) expect(typeof (await bench.load()).run).toBe('function');
  });
});

describe('what is read from others', () => {
  it('the steps and phases that npm start prints, also where two have one name', () => {
    const line = (/** @type {string} */ name, /** @type {string} */ result, /** @type {string} */ time) =>
      `  ${name.padEnd(9)} ${result.padEnd(52)} ${time.padStart(7)}\n`;
    const output = [
      line('install', '', '12.3 s'),
      line('server', '', '4.5 s'),
      line('build', '2 of its steps had to be done', '20.0 s'),
      line('server', 'ready on 127.0.0.1:4600', '1.5 s'),
    ];
    const { steps, phases } = phasesOf(`${output.join('')}  End          Ctrl-C; the data stays\n`);
    expect(Object.fromEntries(steps)).toEqual({ install: 12_300, server: 4_500 });
    expect(Object.fromEntries(phases)).toEqual({ build: 20_000, server: 1_500 });
  });

  it('a change is shown by the first row that has it afterwards, and not by one of before', () => {
    const shown = [
      { row: 'a', health: 'broken', at: 90 },
      { row: 'b', health: 'broken', at: 120 },
      { row: 'a', health: 'broken', at: 150 },
    ];
    expect(matched([{ row: 'a', health: 'broken', sentAt: 100 }], shown)).toEqual([50]);
    expect(matched([{ row: 'b', health: 'healthy', sentAt: 100 }], shown)).toEqual([]);
  });
});
