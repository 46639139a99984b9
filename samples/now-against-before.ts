// Which pages are read more than some time ago: a stream joined with its own past (the skewed join of the D-Streams paper).
// npm start -- samples/now-against-before.ts 5m 3600 looks five minutes back, for an hour; the default is two seconds, for six.
const [before = '2s', seconds = '6'] = args;

// A thousand visits a second. More and more of them are for the news.
const visits = stream('1s').generatorStream(1000, (i) => {
  const others = ['/home', '/about', '/help'];
  return i % 100 < 10 + i / 200 ? '/news' : others[i % others.length];
});

const now = visits.map((page) => [page, 1]).reduceByKey((a, b) => a + b);

// Prints nothing until there is a past to compare with.
const changes = now
  .join(now.ago(before))
  .mapValues(([n, past]) => Math.round((n / past - 1) * 100))
  .setName(`change in % against ${before} ago`);

changes.print();
stream().start();
if (!(await stream().awaitTerminationOrTimeout(`${seconds}s`))) console.log('the time is over');
