import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PairRow, RunView } from '@lockstep/core/protocol';
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
    world = await startWorld({ computers: 3, phones: 3, seed: 'stories' });
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
      const { seconds } = await eventually('three healthy pairs', async () => {
        const all = await pairs();
        return all.length === 3 && all.every((p) => p.health === 'healthy' && p.presence === 'attached');
      });
      tell('all pairs healthy after the first sign-in', seconds);
      await eventually('the page agrees', async () => (await world.page.getByTestId('row').count()) === 3);
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
    '(e) a locked phone: the step that its holder was told ticks itself off when it is unlocked, and the run is judged cured',
    async () => {
      const m = member(0);
      const { value: pair } = await eventually('the pair', pairOf(m));
      const { page } = world;
      await page.goto(`${world.server.url}/pairs/${pair.id}`);
      await eventually('the pair page, healthy', async () => (await health(page)) === 'healthy');
      // A plug is looked at at once, what changes on the phone only in its turn.
      const away = async () => (await page.getByTestId('pair').getAttribute('data-presence')) === 'away';
      m.computer.bench.unplug(phoneOf(m));
      await eventually('shown away', away);
      await breakIt(m.computer, 'session-locked', phoneOf(m));
      await eventually('shown waiting for its holder', async () => (await health(page)) === 'waiting');

      await page.getByTestId('guide-F10').click();
      const run = page.locator('[data-testid=guided-run][data-fix=F10]');
      await run.waitFor();
      expect(await run.getAttribute('data-state')).toBe('open');
      // The facts tick it off: there is nothing to press.
      expect(await run.getByTestId('tick-unlock').count()).toBe(0);
      const phone = m.computer.bench.phone(phoneOf(m));
      phone.clearFault();
      phone.unlock();
      m.computer.bench.unplug(phoneOf(m));
      await eventually('shown away', away);
      m.computer.bench.plug(phoneOf(m));
      const cured = await eventually(
        'ticked off and cured, by the facts',
        async () =>
          (await run.getAttribute('data-verdict')) === 'cured' && (await run.locator('[data-step=unlock][data-done]').count()) === 1,
      );
      tell('unlocked → ticked off and judged', cured.seconds);
      await eventually('healthy again', async () => (await health(page)) === 'healthy');
    },
    5 * MINUTES,
  );

  it(
    '(f) a phone that no computer sees: each answer brings the next question, and two of them name the cable',
    async () => {
      const m = member(1);
      const { value: pair } = await eventually('the pair', pairOf(m));
      const { page } = world;
      await page.goto(`${world.server.url}/pairs/${pair.id}`);
      await eventually('the pair page, healthy', async () => (await health(page)) === 'healthy');
      m.computer.bench.unplug(phoneOf(m));
      const question = (id: string) => page.locator(`[data-testid=question][data-question=${id}]`);
      await question('charging').locator('[data-answer=yes]').click();
      await question('unlock-effect').locator('[data-answer=nothing]').click();
      const named = await eventually('the verdict follows', async () => (await health(page)) === 'broken');
      tell('answered → verdict changed', named.seconds);
      expect(await page.getByTestId('cause').innerText()).toContain('C10');
      expect(await page.getByTestId('answers').locator('li').count()).toBe(2);
      m.computer.bench.plug(phoneOf(m));
      await eventually('seen, and so proven gone', async () => (await health(page)) === 'healthy');
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

  it(
    '(d) a phone is to be erased: who asked cannot approve it, a second admin does, and the order goes out with their clearance',
    async () => {
      // One that nobody was interrupted at: between two fixes that people notice lie ten minutes.
      const m = member(2);
      const { value: pair } = await eventually('the pair', pairOf(m));
      const { page } = world;
      await page.goto(`${world.server.url}/people`);
      await page.locator('[name=name]').fill('Bea Admin');
      await page.locator('[name=email]').fill('bea@example.org');
      await page.locator('[name=role]').selectOption('admin');
      await page.getByTestId('add-person').click();
      const link = await page.getByTestId('password-link').innerText();
      const hers = await world.browser.newPage({ viewport: { width: 1440, height: 900 } });
      await hers.goto(link);
      await hers.locator('[name=password]').fill('a password of her own');
      await hers.locator('[name=again]').fill('a password of her own');
      await hers.getByTestId('set-password').click();
      await hers.getByTestId('fleet-sentence').waitFor();

      await breakIt(m.computer, 'recovery', phoneOf(m));
      await hers.goto(`${world.server.url}/pairs/${pair.id}`);
      const offered = await eventually('the restore is offered', async () => {
        if ((await hers.getByTestId('fix-F45-button').getAttribute('aria-disabled')) === 'false') return true;
        throw new Error((await hers.getByTestId('fix-F45-reason').textContent()) ?? '');
      });
      tell('phone in recovery → restore offered', offered.seconds);
      await hers.getByTestId('fix-F45-button').click();
      await hers.locator('[name=holder]').fill('Jun Park');
      await hers.getByTestId('ask-approval').click();
      expect(await hers.locator('[role=dialog]').innerText()).toMatch(/no backup proves/);
      await hers.locator('[name=lossAcceptedBy]').fill('Jun Park');
      await hers.getByTestId('ask-approval').click();
      const story = hers.locator('[data-testid=run-story][data-state=awaiting-approval]');
      await story.waitFor();
      expect(await story.getByTestId('approve-run').getAttribute('aria-disabled')).toBe('true');
      expect(await story.getByTestId('may-not-decide').innerText()).toMatch(/You asked for it yourself/);

      await eventually('the other admin sees a count', async () => (await page.getByTestId('approvals-count').count()) === 1);
      await page.goto(`${world.server.url}/orders`);
      const row = page.getByTestId('approval-row');
      expect(await row.innerText()).toMatch(/Jun Park said yes/);
      await row.getByTestId('approve-run').click();
      await page.getByTestId('confirm-decision').click();
      await eventually('nothing waits any more', async () => (await page.getByTestId('approvals-count').count()) === 0);
      const runs = async () =>
        ((await world.server.ask('GET', `/api/v1/fix-runs?pair=${pair.id}&fix=F45`)).json as { items: RunView[] }).items;
      const sent = await eventually('the agent has taken the order', async () => (await runs())[0]?.receivedAt);
      tell('approved → taken by the agent', sent.seconds);
      expect((await runs())[0]?.approval).toMatchObject({ decision: 'approved', decidedBy: 'Ada Admin', lossAcceptedBy: 'Jun Park' });
      await hers.close();
    },
    5 * MINUTES,
  );

  it('threw nothing in the page', () => {
    expect(world.complaints).toEqual([]);
  });
});
