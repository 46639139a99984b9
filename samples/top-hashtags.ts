// The most frequent hashtags of the last seconds, as posts arrive: npm start -- samples/top-hashtags.ts WINDOW SECONDS
// The window is incremental: it adds the new batch and subtracts the one that leaves, so its length costs nothing.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [window = '2s', seconds = '4'] = args;

const topics = ['spark', 'typescript', 'streams', 'rivers', 'mills', 'wheels'];

// Two thousand posts a second, the same ones in each run; the first topics are the most popular.
const posts = stream('500ms').generatorStream(2000, (i) => {
  const [first, second] = [(i * 7919) % 36, (i * 104729) % 36];
  const topic = (n: number) => topics[Math.floor(Math.sqrt(n))];
  return `post ${i} about #${topic(first)} and #${topic(second)}`;
});

const tags = posts.flatMap((post) => post.match(/#\w+/g) ?? []);
const counts = tags
  .map((tag) => [tag, 1])
  .reduceByKeyAndWindow(
    (a, b) => a + b,
    (a, b) => a - b,
    window,
  );

// It passes from batch to batch in files of this folder, which executors on other machines must see.
stream().checkpoint(mkdtempSync(join(tmpdir(), 'top-hashtags-')));
counts.watch({ rows: 3, title: `hashtags of the last ${window}` });
if (!(await stream().awaitTerminationOrTimeout(`${seconds}s`))) console.log('the time is over');
