// A real headless Chromium, and an admin who signs in with it.
import { chromium } from 'playwright-core';
import { Sentence } from '../../scripts/sentence.mjs';
import { findProgram, PROGRAMS } from '../../scripts/test/system-packages.mjs';

const PASSWORD = 'correct horse battery';

/** Without its background traffic. */
export async function openBrowser() {
  const executablePath = findProgram(PROGRAMS[0]?.names ?? [], process.env.PATH ?? '');
  if (executablePath === null)
    throw new Sentence('This bench needs Chromium or Chrome, and none is installed (Debian: apt-get install chromium).');
  return await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * Makes the first admin by the one-time link, as a person does.
 * @param {import('playwright-core').Page} page
 * @param {string} url
 * @param {string} setupToken
 */
export async function setUpAdmin(page, url, setupToken) {
  await page.goto(`${url}/setup#token=${setupToken}`);
  await page.locator('[name=name]').fill('Ada Admin');
  await page.locator('[name=email]').fill('ada@example.org');
  await page.locator('[name=password]').fill(PASSWORD);
  await page.locator('[name=again]').fill(PASSWORD);
  await page.locator('form button[type=submit]').click();
  await page.getByTestId('fleet-sentence').waitFor();
}
