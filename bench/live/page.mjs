// The fleet page in a real browser, and what it shows when.
import { openBrowser, setUpAdmin } from './browser.mjs';

/** @typedef {{ row: string, health: string, at: number }} Shown a row showed another health; wall-clock time, ms */

/** The open page. */
export class FleetPage {
  /** @param {import('playwright-core').Browser} browser @param {import('playwright-core').Page} page */
  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
  }

  /**
   * @param {string} url of the server
   * @param {string} setupToken
   */
  static async open(url, setupToken) {
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await setUpAdmin(page, url, setupToken);
      // Away phones would stand above the healthy ones.
      await page.goto(`${url}/?presence=attached`);
      await page.getByTestId('row').first().waitFor();
      await page.waitForFunction(() => document.querySelector('[data-testid=live]')?.getAttribute('data-status') === 'live');
      return new FleetPage(browser, page);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /**
   * Ids of the pairs whose rows are drawn and healthy.
   * @returns {Promise<string[]>}
   */
  healthyRows() {
    return this.page.$$eval('[data-testid=row]', (rows) =>
      rows.flatMap((row) => {
        const mark = row.querySelector('[data-health]');
        const isHealthy = mark?.getAttribute('data-health') === 'healthy' && mark.getAttribute('data-presence') === 'attached';
        return isHealthy ? [row.getAttribute('data-row') ?? ''] : [];
      }),
    );
  }

  /** From now on each change of a drawn row's health is noted when the document has it. */
  async watch() {
    await this.page.evaluate(() => {
      const seen = new Map();
      const log = /** @type {{ row: string, health: string, at: number }[]} */ ([]);
      Object.assign(globalThis, { lockstepBench: log });
      const look = () => {
        const at = performance.timeOrigin + performance.now();
        for (const row of document.querySelectorAll('[data-testid=row]')) {
          const id = row.getAttribute('data-row') ?? '';
          const health = row.querySelector('[data-health]')?.getAttribute('data-health') ?? '';
          if (seen.get(id) === health) continue;
          if (seen.has(id)) log.push({ row: id, health, at });
          seen.set(id, health);
        }
      };
      look();
      new MutationObserver(look).observe(document.body, {
        subtree: true,
        childList: true,
        attributes: true,
        attributeFilter: ['data-health'],
      });
    });
  }

  /** @returns {Promise<Shown[]>} */
  shown() {
    return this.page.evaluate(() => /** @type {any} */ (globalThis).lockstepBench);
  }

  close() {
    return this.browser.close();
  }
}
