import { accessSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Where systems put Chromium or Chrome. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser's program; null where there is none. */
export function chromiumPath(): string | null {
  return (
    PLACES.find((path) => {
      try {
        accessSync(path);
        return true;
      } catch {
        return false;
      }
    }) ?? null
  );
}

/** A real headless Chromium without its background traffic. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error('no Chromium on this machine');
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

const PASSWORD = 'correct horse battery';

/** Makes the first admin by the one-time link, as a person does. */
export async function setUpAdmin(page: Page, url: string, setupToken: string): Promise<void> {
  await page.goto(`${url}/setup#token=${setupToken}`);
  await page.locator('[name=name]').fill('Ada Admin');
  await page.locator('[name=email]').fill('ada@example.org');
  await page.locator('[name=password]').fill(PASSWORD);
  await page.locator('[name=again]').fill(PASSWORD);
  await page.locator('form button[type=submit]').click();
  await page.getByTestId('fleet-sentence').waitFor();
}
