// Opens a report (bivox compare --report, bivox data check --report) in headless Chromium and tries it out.
//
//   apt-get install chromium && npm install --prefix /some/folder playwright-core
//   NODE_PATH=... node tests/bench/report_browser.mjs REPORT.html FOLDER [PATH_OF_playwright-core]
//
// Checks: no console error, no request that leaves the file, tables sort both ways and filter, cards sort
// and filter, a clip plays and a click on a word seeks it, nothing scrolls sideways at 360 pixels, light and
// dark differ. Screenshots go to FOLDER. Exit code 1 and a line for everything that fails.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const [report, folder, playwright] = process.argv.slice(2);
const require = createRequire(playwright ? resolve(playwright) + '/' : import.meta.url);
const { chromium } = require('playwright-core');
const faults = [];
const check = (ok, what) => { console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`); if (!ok) faults.push(what); };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
});

async function open(colorScheme, width, height) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height } });
  const page = await context.newPage();
  const errors = [];
  const requests = [];
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => { if (!/^(file|data):/.test(request.url())) requests.push(request.url()); });
  await page.goto(pathToFileURL(resolve(report)).href);
  return { context, page, errors, requests };
}

const backgrounds = [];
for (const [scheme, width, height] of [['light', 1280, 900], ['dark', 1280, 900], ['light', 360, 740], ['dark', 360, 740]]) {
  const { context, page, errors, requests } = await open(scheme, width, height);
  const name = `${scheme}, ${width} px`;
  check(await page.locator('h1').count() === 1 && await page.locator('h2').count() > 0, `${name}: has headings`);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  check(sideways <= 0, `${name}: no sideways scrolling (${sideways} px over)`);
  backgrounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));

  if (scheme === 'light' && width === 1280) {
    const tables = page.locator('table.sort');
    let sorted = 0;
    for (let i = 0; i < await tables.count(); ++i) {
      const table = tables.nth(i);
      const button = table.locator('th.n button').first();
      if (await table.locator('tbody tr').count() < 2 || await button.count() === 0) continue;
      const column = await table.locator('th.n').first().evaluate((th) => th.cellIndex);
      const keys = () => table.evaluate((t, c) => Array.from(t.tBodies[0].rows)
        .map((row) => row.cells[c].dataset.k).filter((k) => k !== undefined).map(Number), column);
      await button.click();
      const down = await keys();
      await button.click();
      const up = await keys();
      const ordered = (values, sign) => values.every((v, j) => j === 0 || sign * (v - values[j - 1]) >= 0);
      if (!ordered(down, -1) || !ordered(up, 1)) check(false, `table ${i} sorts`);
      ++sorted;
    }
    check(sorted > 0, `${sorted} tables sort both ways`);
    const filter = page.locator('.bar[data-table] input').first();
    if (await filter.count()) {
      const id = await page.locator('.bar[data-table]').first().getAttribute('data-table');
      const rows = page.locator(`#${id} tbody tr:not(.hide)`);
      const before = await rows.count();
      await filter.fill('no row holds this');
      check(await rows.count() === 0, 'table filter hides rows');
      await filter.fill('');
      check(await rows.count() === before, 'table filter shows them again');
    }
    const cards = page.locator('.cards .card');
    if (await cards.count() > 1) {
      const total = await cards.count();
      const title = await cards.nth(1).locator('h3').innerText();
      const box = page.locator('.cards').first().locator('xpath=preceding-sibling::div[1]');
      await box.locator('input').fill(title);
      const shown = await page.locator('.cards .card:not(.hide)').count();
      check(shown >= 1 && shown < total, `card filter: ${shown} of ${total}`);
      await box.locator('input').fill('');
      const select = box.locator('select');
      if (await select.count()) {
        const value = await select.locator('option').last().getAttribute('value');
        await select.selectOption(value);
        const [index, way] = value.split(' ');
        const values = await cards.evaluateAll((all, i) => all.map((c) => Number(c.dataset.keys.split(' ')[i])), Number(index));
        const sign = way === 'up' ? 1 : -1;
        check(values.every((v, j) => j === 0 || sign * (v - values[j - 1]) >= 0), 'cards sort');
        await select.selectOption('0 down');
      }
    }
    const player = page.locator('audio').first();
    if (await player.count()) {
      await player.evaluate((audio) => audio.play());
      await page.waitForTimeout(700);
      const state = await player.evaluate((audio) => ({ at: audio.currentTime, length: audio.duration, error: audio.error && audio.error.message }));
      check(!state.error && state.at > 0.1 && state.length > 0.1, `audio plays: ${JSON.stringify(state)}`);
      await player.evaluate((audio) => audio.pause());
      const word = page.locator('.card:has(audio) .w[data-s]').last();
      if (await word.count()) {
        const target = Number(await word.getAttribute('data-s'));
        await word.click();
        await page.waitForTimeout(150);
        const at = await word.evaluate((w) => w.closest('.card').querySelector('audio').currentTime);
        check(at >= target - 0.05 && at < target + 1.5, `a click on a word at ${target} s seeks to ${at.toFixed(2)} s`);
      }
    }
  }
  check(errors.length === 0, `${name}: no console error ${errors.slice(0, 3).join(' | ')}`);
  check(requests.length === 0, `${name}: nothing is fetched ${requests.slice(0, 3).join(' | ')}`);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: `${folder}/${scheme}-${width}.png` });
  if (await page.locator('.card').count()) {
    await page.locator('.card').first().scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${folder}/${scheme}-${width}-card.png` });
  }
  if (width === 1280) await page.screenshot({ path: `${folder}/${scheme}-${width}-all.png`, fullPage: true, clip: { x: 0, y: 0, width, height: 6000 } }).catch(() => {});
  await context.close();
}
check(backgrounds[0] !== backgrounds[1], `light ${backgrounds[0]} and dark ${backgrounds[1]} differ`);
await browser.close();
process.exit(faults.length === 0 ? 0 : 1);
