import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contentHash, outputState, Stamps } from './stamps.mjs';
import { steps, workspaceFolders } from './steps.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @type {string} */
let tree;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'lockstep-stamps-'));
  mkdirSync(join(tree, 'src', 'deep'), { recursive: true });
  writeFileSync(join(tree, 'src', 'a.ts'), 'a');
  writeFileSync(join(tree, 'src', 'deep', 'b.ts'), 'b');
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

const inputs = () => contentHash(tree, [join(tree, 'src')]);

describe('the hash of inputs', () => {
  it('changes with content, names and what was said to matter, not with times', () => {
    const before = inputs();
    utimesSync(join(tree, 'src', 'a.ts'), 1, 1);
    expect(inputs()).toBe(before);
    writeFileSync(join(tree, 'src', 'a.ts'), 'A');
    expect(inputs()).not.toBe(before);
    writeFileSync(join(tree, 'src', 'a.ts'), 'a');
    expect(inputs()).toBe(before);
    writeFileSync(join(tree, 'src', 'new.ts'), '');
    expect(inputs()).not.toBe(before);
    expect(contentHash(tree, [join(tree, 'src')], ['other'])).not.toBe(contentHash(tree, [join(tree, 'src')]));
  });

  it('looks past tests and what builds make', () => {
    const before = inputs();
    writeFileSync(join(tree, 'src', 'a.test.ts'), 'a test');
    mkdirSync(join(tree, 'src', 'dist'));
    writeFileSync(join(tree, 'src', 'dist', 'a.js'), 'made');
    expect(inputs()).toBe(before);
  });
});

describe('a stamp', () => {
  it('holds while inputs and outputs are what they were', () => {
    const out = join(tree, 'dist');
    const stamps = new Stamps(join(tree, 'stamps'));
    const state = () => outputState(tree, [out]);
    expect(state()).toBe('nothing');
    stamps.set('step', inputs(), state());
    expect(stamps.holds('step', inputs(), state())).toBe(false); // nothing was made
    mkdirSync(out);
    writeFileSync(join(out, 'a.js'), 'made');
    expect(stamps.holds('step', inputs(), state())).toBe(false);
    stamps.set('step', inputs(), state());
    expect(stamps.holds('step', inputs(), state())).toBe(true);
    writeFileSync(join(out, 'a.js'), 'touched by hand');
    expect(stamps.holds('step', inputs(), state())).toBe(false);
    stamps.set('step', inputs(), state());
    writeFileSync(join(tree, 'src', 'a.ts'), 'A');
    expect(stamps.holds('step', inputs(), state())).toBe(false);
    expect(stamps.holds('another', inputs(), state())).toBe(false);
    writeFileSync(join(tree, 'stamps', 'step.json'), '{"inputs":');
    expect(stamps.holds('step', inputs(), state())).toBe(false);
  });
});

describe('the steps', () => {
  it('come after what they need', () => {
    const all = steps(root);
    for (const [at, step] of all.entries()) for (const need of step.needs) expect(all.slice(0, at).map(({ name }) => name)).toContain(need);
  });

  it('know the packages of the workspace', () => {
    expect(workspaceFolders(root)).toEqual(['apps/agent', 'apps/lab', 'apps/server', 'apps/web', 'e2e', 'packages/core']);
  });
});
