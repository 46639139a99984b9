// Hostile names and values on the pages, in a real Chromium: each is a text wherever it shows; nothing of it becomes markup, script or a link.
// time limit: 300 s
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { brief, plain } from '../../../cluster/ui/page/format';
import { cutText } from '../../../runtime/base/cut-text';
import { TestBrowser } from '../../helpers/browser';
import { injected, overflow } from '../../helpers/page-facts';
import { openPages, PagedShell } from '../../helpers/paged-shell';
import { promptFolder } from '../../helpers/prompt';

const hostile = [
  '<script>hacked=1</script>',
  '<img src=x onerror=hacked=1>',
  '"><svg onload=hacked=1>',
  `' onmouseover='hacked=1' "' \` \\`,
  '</title></textarea></script><script>hacked=1</script>',
  '<!-- --!> <![CDATA[ ]]>',
  '<a href="javascript:hacked=1">a click</a>',
  'javascript:hacked=1',
  'data:text/html,<script>hacked=1</script>',
  '//evil.example/x',
  'https://evil.example/?q=<b>',
  '../../../etc/passwd',
  '%3Cscript%3Ehacked=1%3C/script%3E',
  '&lt;b&gt; &amp;amp; &#x3c;script&#x3e;',
  "{{constructor.constructor('hacked=1')()}}",
  '${hacked=1} #{hacked=1} <%= hacked=1 %>',
  '__proto__',
  'constructor',
  'toString',
  '\x1b[2J\x1b[31mred\x1b]0;title\x07',
  'nothing\0 bell\x07 csi\x9b31m delete\x7f',
  'user\u202egpj.exe \u2066hidden\u2069 \u200f',
  '\u200b\u200d\ufeff\u2060 nothing seen',
  'مرحبا بالعالم، שלום',
  'half \ud83d of a pair, 👩‍👩‍👧‍👦, e\u0301',
  `marks ${'\u0301'.repeat(3000)}`,
  `long${'x'.repeat(100_000)}`,
  'one\ntwo\r\nthree\u2028four\u2029five\tsix',
];

const test = suite('pages: hostile texts');
let browser: TestBrowser;
let shell: PagedShell;
let page: Page;

/** Each text as the name of a dataset, a group, a description, a tag, an error, a stream and an output. */
const script = `
const hostile: string[] = ${JSON.stringify(hostile)}
const persisted: RDD<number>[] = []
for (const text of hostile) {
  const named = sc.parallelize([1], 1).setName(text).cache()
  persisted.push(named)
  sc.setJobGroup(text, text)
  sc.addJobTag(text.replaceAll(',', ''))
  await named.count()
  await named.map((): number => { throw new Error(text) }).count().catch(() => 0)
  sc.clearJobTags()
}
sc.clearJobGroup()
for (const text of hostile) stream('1s').queueStream([[1]]).setName(text).foreachRDD(() => { throw new Error(text) }, text)
stream().start()
`;

/** What comes back from the browser is well formed, whatever was sent. */
const wellFormed = (text: string | null): string => (text ?? '').replace(/\p{Surrogate}/gu, '\ufffd');

const texts = async (selector: string): Promise<string[]> => (await page.locator(selector).allTextContents()).map(wellFormed);

async function isHarmless(where: string): Promise<void> {
  assert.equal(await injected(page), [], where);
  assert.is(await overflow(page), 0, where);
  assert.is(await page.title(), `${await page.locator('h1').textContent()} · Millrace`);
}

async function go(address: string, ready: string): Promise<void> {
  await page.goto(new URL(address, page.url()).href);
  await page.locator(ready).first().waitFor();
}

test.before(async () => {
  browser = await TestBrowser.launch();
  shell = await PagedShell.start();
  const file = path.join(promptFolder, `<b onclick=hacked=1>'&quot;.ts`);
  writeFileSync(file, script);
  await shell.entry(`.load ${file}`, /^>$/m);
  page = await browser.page();
  await openPages(page, shell);
});

test('the list of jobs', async () => {
  await go('/', 'tr.failed');
  const failures = await texts('tr.failed .why');
  const rows = await texts('tr.failed .under');
  assert.is(failures.length, hostile.length);
  for (const [i, text] of [...hostile].reverse().entries()) {
    assert.ok(
      failures[i].startsWith(wellFormed(brief(`Error: ${text}`, 200))),
      JSON.stringify([text, failures[i]]).slice(0, 300),
    );
    assert.ok(rows[i].includes(wellFormed(brief(`group ${text}`, 60))), JSON.stringify([text, rows[i]]).slice(0, 300));
  }
  await isHarmless('jobs');
});

test('each failed job and its stage', async () => {
  for (const [i, text] of hostile.entries()) {
    const message = wellFormed(plain(cutText(`Error: ${text}`)));
    await go(`/jobs/${2 * i + 1}`, '.failure .message');
    assert.is((await texts('.failure .message'))[0], message);
    await page.locator('.stagebox').first().waitFor();
    const label = (await texts('.dataset title'))[0];
    assert.ok(label.startsWith(wellFormed(plain(cutText(text).slice(0, 40)))), JSON.stringify([text, label]).slice(0, 300));
    await isHarmless(`job of ${text.slice(0, 40)}`);
    await page.locator('.stagebox').first().click();
    await page.locator('.failures .message').first().waitFor();
    assert.is((await texts('.failures .message'))[0], message);
    await isHarmless(`stage of ${text.slice(0, 40)}`);
  }
});

test('the datasets', async () => {
  await go('/datasets', 'tbody tr');
  const names = await texts('tbody th > .code');
  assert.equal(
    names,
    hostile.map((text) => wellFormed(brief(text, 80))),
  );
  await isHarmless('datasets');
});

test('the streams', async () => {
  await go('/streams', 'tr.failed');
  await page
    .locator('tr.failed')
    .nth(hostile.length - 1)
    .waitFor();
  const [sources, outputs] = [await texts('table:first-of-type tbody th'), await texts('tr.failed .why')];
  for (const [i, text] of hostile.entries()) {
    assert.ok(sources[i].startsWith(wellFormed(brief(text, 60))), JSON.stringify([text, sources[i]]).slice(0, 300));
    assert.ok(outputs[i].endsWith(wellFormed(brief(text, 200))), JSON.stringify([text, outputs[i]]).slice(0, 300));
  }
  await isHarmless('streams');
});

test('the same at 360 pixels', async () => {
  const cookies = await page.context().cookies();
  const wide = page;
  page = await browser.page({ viewport: { width: 360, height: 740 } });
  await page.context().addCookies(cookies);
  for (const address of ['/', '/jobs/53', '/stages/53', '/datasets', '/streams']) {
    await page.goto(new URL(address, wide.url()).href);
    await page.locator('main table').first().waitFor();
    await isHarmless(`${address} at 360 pixels`);
  }
});

test('no page had an error in its console', () => {
  assert.equal(browser.complaints, []);
});

test('leaving leaves nothing', async () => {
  await shell.leave();
  await browser.close();
});

test.run();
