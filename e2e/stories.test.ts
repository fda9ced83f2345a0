import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PairRow } from '@lockstep/core/protocol';
import { breakIt, type Member } from '@lockstep/lab';
import type { Page } from 'playwright-core';
import { chromiumPath } from './browser.js';
import { eventually, tell } from './eventually.js';
import { startWorld, type World } from './world.js';

const MINUTES = 60_000;
const there = chromiumPath() !== null;
if (!there) process.stdout.write('    skipped: the stories, because no Chromium was found on this machine\n');

(there ? describe : describe.skip)('stories, in a real browser', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ computers: 2, phones: 2, seed: 'stories' });
  }, 3 * MINUTES);
  afterAll(async () => {
    await world?.end();
  }, MINUTES);

  const pairs = async (): Promise<PairRow[]> =>
    ((await world.server.ask('GET', '/api/v1/pairs?limit=100')).json as { items: PairRow[] }).items;
  const pairOf = (member: Member) => async (): Promise<PairRow | undefined> => (await pairs()).find((p) => p.hostName === member.name);
  const health = (page: Page) => page.getByTestId('pair').getAttribute('data-health');
  const member = (n: number): Member => {
    const m = world.fleet.members[n];
    if (!m) throw new Error(`no computer ${n}`);
    return m;
  };
  const phoneOf = (m: Member): string => {
    const name = m.computer.bench.names[0];
    if (!name) throw new Error('no phone');
    return name;
  };

  it(
    'shows every pair healthy while nothing is wrong',
    async () => {
      const { seconds } = await eventually('two healthy pairs', async () => {
        const all = await pairs();
        return all.length === 2 && all.every((p) => p.health === 'healthy' && p.presence === 'attached');
      });
      tell('both pairs healthy after the first sign-in', seconds);
      await eventually('the page agrees', async () => (await world.page.getByTestId('row').count()) === 2);
    },
    3 * MINUTES,
  );

  it(
    '(a) a phone stops trusting → broken with its cause → asked again, holder taps Trust → cured',
    async () => {
      const m = member(0);
      const { value: pair } = await eventually('the pair', pairOf(m));
      const { page } = world;
      await page.goto(`${world.server.url}/pairs/${pair.id}`);
      await eventually('the pair page, healthy', async () => (await health(page)) === 'healthy');

      await breakIt(m.computer, 'forgets-host', phoneOf(m));
      const broken = await eventually('shown broken without a reload', async () => (await health(page)) === 'broken');
      tell('trust lost → shown broken', broken.seconds);
      expect(await page.getByTestId('cause-title').innerText()).toMatch(/no longer trusts/i);
      expect(await page.getByTestId('rung-trust').innerText()).toContain('InvalidHostID (-21)');

      // What the refusal means is one step away, and so is the way back.
      await page.getByTestId('rung-trust').getByRole('button').click();
      await page.getByTestId('rung-trust').getByTestId('code-link').click();
      await page.getByTestId('answer').waitFor();
      expect(await page.getByTestId('answer').getAttribute('data-code')).toBe('lockdown/InvalidHostID');
      await page.goBack();

      await page.getByTestId('fix-F12-button').click();
      await page.getByTestId('confirm-fix').click();
      const asked = await eventually('the holder is asked', async () => m.computer.effects.count('asked-holder') > 0);
      tell('asked in the console → dialog on the phone', asked.seconds);
      const cured = await eventually(
        'cured, by the facts',
        async () => (await page.locator('[data-testid=run-story][data-verdict=cured]').count()) > 0,
      );
      tell('dialog → cured', cured.seconds);
      await eventually('healthy again', async () => (await health(page)) === 'healthy');
      expect(m.computer.effects.count('paired')).toBeGreaterThan(0);
    },
    5 * MINUTES,
  );

  it(
    '(b) the mux service dies; unplugging cures nothing and closes nothing; a restart from the console cures',
    async () => {
      const m = member(1);
      const phone = phoneOf(m);
      const { value: pair } = await eventually('the pair', pairOf(m));
      const { page } = world;
      await page.goto(`${world.server.url}/pairs/${pair.id}`);
      await eventually('the pair page, healthy', async () => (await health(page)) === 'healthy');
      const pidBefore = m.computer.bench.mux.pid;

      await breakIt(m.computer, 'mux-crashed', null);
      const broken = await eventually('shown broken', async () => (await health(page)) === 'broken');
      tell('mux died → shown broken', broken.seconds);
      expect(await page.getByTestId('cause-title').innerText()).toMatch(/phone service is down/i);

      m.computer.bench.unplug(phone);
      const away = await eventually('shown away', async () => (await page.getByTestId('pair').getAttribute('data-presence')) === 'away');
      tell('unplugged → shown away', away.seconds);
      expect(await health(page)).toBe('broken');
      const open = (await world.server.ask('GET', `/api/v1/findings?host=${pair.hostId}&open=true`)).json as { items: { cause: string }[] };
      expect(open.items.map((f) => f.cause)).toContain('C30');

      m.computer.bench.plug(phone);
      await eventually('attached again', async () => (await page.getByTestId('pair').getAttribute('data-presence')) === 'attached');
      await eventually(
        'the fix is offered',
        async () => (await page.getByTestId('fix-F08-button').getAttribute('aria-disabled')) !== 'true',
      );
      await page.getByTestId('fix-F08-button').click();
      await page.getByTestId('confirm-fix').click();
      const cured = await eventually(
        'cured, by the facts',
        async () => (await page.locator('[data-testid=run-story][data-verdict=cured]').count()) > 0,
      );
      tell('restart ordered → cured', cured.seconds);
      await eventually('healthy again', async () => (await health(page)) === 'healthy');
      expect(m.computer.bench.mux.pid).not.toBeNull();
      expect(m.computer.bench.mux.pid).not.toBe(pidBefore);
    },
    5 * MINUTES,
  );

  it(
    'an update patches the visible rows; no list request follows',
    async () => {
      const { page } = world;
      await page.goto(world.server.url);
      await page.getByTestId('row').first().waitFor();
      await eventually('the socket is live', async () => (await page.getByTestId('live').getAttribute('data-status')) === 'live');
      const lists: string[] = [];
      page.on('request', (r) => {
        if (new URL(r.url()).pathname === '/api/v1/pairs') lists.push(r.url());
      });
      const m = member(0);
      m.computer.bench.unplug(phoneOf(m));
      const patched = await eventually('the row says away', async () =>
        /away|unplugged/i.test(await page.getByTestId('data-table').innerText()),
      );
      tell('unplugged → row patched', patched.seconds);
      m.computer.bench.plug(phoneOf(m));
      await eventually('the row is back', async () => !/away|unplugged/i.test(await page.getByTestId('data-table').innerText()));
      expect(lists).toEqual([]);
    },
    4 * MINUTES,
  );

  it('threw nothing in the page', () => {
    expect(world.complaints).toEqual([]);
  });
});
