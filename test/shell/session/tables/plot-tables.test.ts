// `.plot` of tables at the real prompt: columns by name, histograms, and charts in files that a browser opens.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../../shell/base/package-root';
import { TestBrowser } from '../../../helpers/browser';
import { userFolder } from '../../../helpers/entries';

const test = suite('.plot of tables');
const csv = `hour,carrier,delay\n${Array.from({ length: 48 }, (_, i) => `${i % 24},${i % 3 === 0 ? 'A<A' : 'BB'},${i === 5 ? '' : i * 2}\n`).join('')}`;
const { folder } = userFolder({ 'flights.csv': csv });

const entered = (text: string) =>
  execFileSync(process.execPath, [join(packageRoot(), 'dist/millrace.js'), '--master', 'local', '--no-rc', '-'], {
    cwd: folder,
    input: text,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });

test('columns are drawn by name: pairs, histograms, counts of texts', () => {
  const text = entered(
    [
      'const flights = sc.csv("flights.csv")',
      '.plot flights x=hour y=delay',
      '.plot flights x=delay y=hour --scatter',
      '.plot flights x=delay',
      '.plot flights x=carrier',
      '.plot flights.groupBy(f => f.carrier).agg({ n: count() })',
      '.plot [{ a: 1 }, { a: 4 }, { a: null }] x=a',
      '',
    ].join('\n'),
  );
  assert.match(text, /^line of 47 points$/m);
  assert.match(text, /^scatter plot of 47 points$/m);
  assert.match(text, /^histogram of 47 numbers$/m);
  assert.match(text, /^ BB +│█+.? 32$/m);
  assert.is(text.match(/^ A<A │█+.? 16$/gm)?.length, 2);
  assert.match(text, /^ 3\.85 – 4 +│█+.? 1$/m);
});

test('a column that is not there is named with the nearest one', () => {
  try {
    entered('.plot sc.csv("flights.csv") x=hours y=delay\n');
    assert.unreachable();
  } catch (e) {
    assert.match((e as { stderr: string }).stderr, /the column is hours, but must be one of hour, carrier, delay/);
    assert.match((e as { stderr: string }).stderr, /Did you mean hour\?/);
  }
});

test('charts are written as a page, SVG and PNG, and not over another file', async () => {
  const text = entered(
    ['html', 'svg', 'png'].map((ending) => `.plot sc.csv("flights.csv") x=carrier --to c.${ending}\n`).join('') +
      '.plot sc.csv("flights.csv") x=hour y=delay --to line.html\n',
  );
  assert.match(text, /^2 rows, .* written to c\.svg$/m);
  const svg = readFileSync(join(folder, 'c.svg'), 'utf8');
  assert.match(svg, /^<svg [\s\S]*A&lt;A[\s\S]*<\/svg>$/);
  assert.is(readFileSync(join(folder, 'c.png')).subarray(1, 4).toString(), 'PNG');
  assert.throws(
    () => entered('.plot sc.csv("flights.csv") x=carrier --to c.svg\n'),
    (e: { stderr: string }) => /c\.svg/.test(e.stderr) && /--force/.test(e.stderr),
  );
  assert.match(entered('.plot sc.csv("flights.csv") x=hour --to c.svg --force\n'), /written to c\.svg/);
  assert.throws(
    () => entered('.plot [1, 2] --to c.pdf\n'),
    (e: { stderr: string }) => /one of \.html, \.svg, \.png/.test(e.stderr),
  );
  const browser = await TestBrowser.launch();
  try {
    for (const name of ['c.html', 'line.html']) {
      const page = await browser.page();
      await page.goto(pathToFileURL(join(folder, name)).href);
      await page.waitForSelector('#chart canvas');
    }
    assert.equal(browser.complaints, []);
  } finally {
    await browser.close();
  }
});

test.run();
