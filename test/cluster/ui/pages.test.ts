// The pages of a session in a real Chromium: each shows what a running job does; keys, narrow screens, both colour schemes, and the end.
// time limit: 300 s
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openerOf } from '../../../shell/session/ui-server';
import { TestBrowser } from '../../helpers/browser';
import { focused, lowContrast, overflow } from '../../helpers/page-facts';
import { openPages, PagedShell } from '../../helpers/paged-shell';
import { boundAddresses, visibleText } from '../../helpers/processes';
import { until } from '../../helpers/within';

/** 127.0.0.1 in the byte order of /proc/net on little-endian machines. */
const loopback = '0100007F';

const test = suite('pages');
let browser: TestBrowser;
let shell: PagedShell;
let page: Page;

/** Waits until the main part of the page has a text. */
const shows = (wanted: string | RegExp, on = page) => on.locator('main', { hasText: wanted }).waitFor();

/** A row of a table by its text, cells one after the other. */
const row = (text: RegExp) => page.locator('tbody tr', { hasText: text });

/** Follows a link of the frame. */
async function visit(name: 'Jobs' | 'Datasets' | 'Executors' | 'Streams', on = page): Promise<void> {
  await on.getByRole('navigation').getByRole('link', { name }).click();
  await on.getByRole('heading', { level: 1, name }).waitFor();
}

test.before(async () => {
  browser = await TestBrowser.launch();
  shell = await PagedShell.start();
  await shell.entry('const busy = (ms: number) => { const t = Date.now(); while (Date.now() - t < ms); return 1 }', /^>$/m);
  await shell.entry("const words = sc.parallelize('a b c a b a'.split(' '), 3).setName('words').cache()", /^>$/m);
  await shell.entry('words.map(w => [w, 1]).reduceByKey((a, b) => a + b).collect()', /res0/);
  page = await browser.page();
  await openPages(page, shell);
});

test('no process of the session listens beyond loopback or shows a link to others', async () => {
  const token = new URL(await shell.link()).searchParams.get('token')!;
  for (const pid of shell.processes()) {
    for (const { address } of boundAddresses(pid)) assert.is(address, loopback);
    assert.not.ok(visibleText(pid).includes(token));
  }
});

test('a job that ended before the pages were opened is there with the line that started it', async () => {
  await shows('Nothing is running');
  await page.getByRole('link', { name: 'words.map(w => [w, 1]).reduceByKey((a, b) => a + b).collect()' }).waitFor();
  await shows(/job 0 · collect.*input 3/);
});

test('the page shows the progress of a running job and its end', async () => {
  shell.terminal.type('sc.range(0, 20, 1, 20).map(i => busy(100)).sum()\r');
  const job = page.getByRole('article');
  await job.getByText('sc.range(0, 20, 1, 20).map(i => busy(100)).sum()').waitFor();
  await job.getByText('1 running').waitFor();
  const bar = job.getByRole('progressbar');
  const done = async () => Number(await bar.getAttribute('aria-valuenow'));
  const before = await done();
  await job.getByText(/about .* left/).waitFor();
  await until(10_000, async () => (await done()) > before, 'progress');
  await row(/busy\(100\).*✓ done\d\.\d s/).waitFor();
  await shows('Nothing is running');
});

test('the graph of a job shows its stages, their datasets, which are persisted, and which stages were skipped', async () => {
  await shell.entry('const counts = words.map(w => [w, 1]).reduceByKey((a, b) => a + b).setName("counts")', /^>$/m);
  await shell.entry('counts.count()', /number = 3/);
  await shell.entry('counts.mapValues(n => n + 1).count()', /number = 3/);
  await page.getByRole('link', { name: 'counts.mapValues' }).click();
  const boxes = page.locator('.stagebox');
  await boxes.nth(1).waitFor();
  assert.is(await boxes.count(), 2);
  await page.getByRole('link', { name: /Stage \d+, skipped, skipped: words/ }).waitFor();
  await page
    .getByRole('link', { name: /Stage \d+, done, 3 tasks, reads stage \d+: counts \(reduceByKey\), mapValues/ })
    .waitFor();
  assert.is(await page.locator('.edge').count(), 1);
  await page.locator('.dataset.persisted', { hasText: '3/3 persisted' }).waitFor();
  assert.match((await page.locator('.listing').textContent()) ?? '', /counts\.mapValues\(n => n \+ 1\)\.count\(\)/);
});

test('a job that failed says why, and at which line of which entry', async () => {
  await visit('Jobs');
  await shell.entry("words.map(w => {\n  if (w === 'c') throw new Error('no c, please')\n  return w\n}).count()", /no c, please/);
  await page.getByRole('link', { name: /Job \d+ failed: count of map/ }).click();
  await page.getByRole('region', { name: 'Why it failed' }).getByText('Error: no c, please').waitFor();
  await shows(/at input \d+, line 2:\d+/);
  assert.is(await page.locator('.line.bad code').textContent(), "  if (w === 'c') throw new Error('no c, please')");
  await page
    .locator('.failure')
    .getByRole('link', { name: /^Stage/ })
    .click();
  await page.getByRole('heading', { name: 'What failed' }).waitFor();
  await shows(/4 times, last in partition \d, try 4, on e1, at input \d+, line 2/);
  assert.is(await page.locator('.failures li').count(), 1);
});

test('a stage shows its tasks in time, how they differ, and its skew with the reason', async () => {
  await visit('Jobs');
  await shell.entry('sc.parallelize([1, 2, 3, 4, 5, 6, 7, 8], 8).map(i => busy(i === 5 ? 900 : 20)).count()', /number = 8/);
  await page.getByRole('link', { name: /Stage \d+ is skewed: partition 4 takes \d+ × the median/ }).click();
  await shows(/Skewed: partition 4 took [\d.]+ m?s, the median is \d+ ms\. Its rows do not explain it/);
  assert.is(await page.locator('rect.task').count(), 8);
  assert.is(await page.locator('rect.task.slow').count(), 1);
  await row(/^time\d+ ms.*[\d.]+ m?s$/).waitFor();
  const first = page.getByRole('table', { name: 'Tasks', exact: true }).getByRole('row').nth(1);
  assert.match((await first.textContent()) ?? '', /^4✓ done[\d.]+ m?s/);
  await page.getByRole('button', { name: 'by partition' }).click();
  assert.match((await first.textContent()) ?? '', /^0✓ done/);
});

test('datasets: level, partitions, size and where; unpersist() removes them', async () => {
  await visit('Datasets');
  await row(/^wordsparallelize\[\d+\] · input 2.*MEMORY_ONLY3 of 3\d+ B0 Be1: 3, \d+ B$/).waitFor();
  await shell.entry('const later = sc.range(3).persist(StorageLevel.DISK_ONLY).setName("later")', /^>$/m);
  await row(/^later.*DISK_ONLYnot computed yet/).waitFor();
  await shell.entry('later.count()', /number = 3/);
  await row(/^later.*DISK_ONLY(\d) of \1 ?0 B\d+ B/).waitFor();
  await shell.entry('later.unpersist()', /later · 2 partitions/);
  await row(/^later/).waitFor({ state: 'detached' });
});

test('executors: their process, memory and tasks; a lost one with the reason', async () => {
  await visit('Executors');
  const there = row(/^e1 127\.0\.0\.1 · process \d+0 of 1\d+ B of .*iB/);
  await there.waitFor();
  const pid = Number(/process (\d+)$/.exec((await there.locator('.under').textContent()) ?? '')?.[1]);
  assert.ok(shell.processes().includes(pid), `process ${pid} is one of the shell`);
  process.kill(pid, 'SIGKILL');
  await row(/^e1.*SIGKILL/).waitFor();
  await row(/^e2.*0 of 1/).waitFor();
  await visit('Jobs');
  await page.getByRole('link', { name: 'Executor e1 was lost' }).waitFor();
});

test('streams: rates, times and delays as charts, sources, outputs, and what fails', async () => {
  await shell.entry("const s = stream('200ms').generatorStream(500, i => i).setName('numbers')", /^>$/m);
  await shell.entry("s.foreachRDD(rdd => rdd.count(), 'counting')", /counting/);
  await shell.entry("s.foreachRDD(() => { throw new Error('the database is away') }, 'storing')", /storing/);
  await shell.entry('stream().start()', /^>$/m);
  await visit('Streams');
  await page.getByRole('heading', { name: 'Every 200 ms: numbers' }).waitFor();
  await row(/^numbersgeneratorStream.*500\/s/).waitFor();
  await row(/^storing of numbers.*\d+ of \d+: the database is away$/).waitFor();
  await page.getByRole('img', { name: /Input over the last \d+ batches: now 500 rows\/s/ }).waitFor();
  await page.getByRole('img', { name: /Time of a batch .* the interval is 200 ms/ }).waitFor();
  assert.is(await page.locator('.chart canvas').count(), 3);
  const drawn = await page.evaluate<number>(`(() => {
    const canvas = document.querySelector('.chart canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  })()`);
  assert.ok(drawn > 3, 'the chart is not blank');
  await visit('Jobs');
  await page.getByRole('link', { name: /storing of numbers failed in \d+ of \d+ batches/ }).waitFor();
  await page.getByText(/Jobs of streams, the last/).click();
  await shows(/counting of numbers · batch of/);
  await shell.entry('.stop', /all streams have ended/);
});

test('everything can be reached by keys, and the focus is visible', async () => {
  await page.goto(new URL('/', page.url()).href);
  await row(/busy/).first().waitFor();
  await page.keyboard.press('Tab');
  assert.is(await focused(page), 'Skip to the content');
  await page.keyboard.press('Tab');
  assert.match(await focused(page), /^Jobs/);
  const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
  assert.is(outline, 'solid');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Datasets' }).waitFor();
  assert.is(await focused(page), 'Datasets', 'the head of the new page has the focus');
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  const unreachable = await page.evaluate('document.querySelectorAll(\'[tabindex="-1"]:not(h1), a:not([href])\').length');
  assert.is(unreachable, 0);
});

const addresses = ['/', '/jobs/3', '/stages/2', '/datasets', '/executors', '/streams'];

test('at 360 pixels nothing is wider than the screen; texts have contrast in both schemes', async () => {
  const cookies = await page.context().cookies();
  for (const colorScheme of ['light', 'dark'] as const) {
    const narrow = await browser.page({ viewport: { width: 360, height: 740 }, colorScheme });
    await narrow.context().addCookies(cookies);
    for (const address of addresses) {
      await narrow.goto(new URL(address, page.url()).href);
      await narrow.locator('main h1 + *').first().waitFor();
      await narrow.locator('.link.live').waitFor();
      assert.is(await overflow(narrow), 0, address);
      assert.equal(await lowContrast(narrow), [], `${address} ${colorScheme}`);
    }
    const back = await narrow.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.is(back === 'rgb(20, 24, 26)', colorScheme === 'dark');
    await narrow.context().close();
  }
});

test('all jobs that are remembered are listed', async () => {
  await visit('Jobs');
  await shell.entry('for (let i = 0; i < 120; i++) await sc.range(1).setName(`n${i}`).count(); 0', /number = 0/);
  // The last one is there once the page has heard of all.
  await row(/count of n119\b/).waitFor();
  await row(/count of n0\b/).waitFor();
  assert.ok((await page.locator('tbody tr').count()) > 120);
});

test('an unknown job is reported as missing', async () => {
  await page.goto(new URL('/jobs/4711', page.url()).href);
  await shows('There is no such job');
});

test('.ui with another word is an error that says what it takes', async () => {
  await shell.entry('.ui now', /\.ui: its word is now, but must be left out, or stop/);
});

test('.ui stop ends the pages, which say so; .ui opens them again', async () => {
  await shell.entry('.ui stop', /the pages have ended/);
  await page.locator('.link.lost').waitFor();
  await page.getByText('the session has ended or does not answer').waitFor();
  await shell.entry('.ui stop', /no pages are open/);
  const again = await browser.page();
  await openPages(again, shell);
  await shows(/job \d+ · count of/, again);
});

test('no page logged an error, except that the server had ended', () => {
  const others = browser.complaints.filter((text) => !/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/.test(text));
  assert.equal(others, []);
});

test('a browser is opened on a desktop only', () => {
  assert.is(openerOf({}, 'linux'), undefined);
  assert.is(openerOf({ DISPLAY: ':0' }, 'linux'), 'xdg-open');
  assert.is(openerOf({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux'), 'xdg-open');
  assert.is(openerOf({ DISPLAY: ':0', SSH_CONNECTION: '1 2 3 4' }, 'linux'), undefined);
  assert.is(openerOf({}, 'darwin'), 'open');
  assert.is(openerOf({ DISPLAY: ':0' }, 'win32'), undefined);
});

test('leaving ends the pages and leaves no process', async () => {
  await shell.leave();
  await browser.close();
});

test.run();
