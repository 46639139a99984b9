// Reads the files that arrive in a folder: npm start -- samples/file-stream.ts FOLDER SECONDS
// Without a folder the sample makes one, and moves the next piece of a log into it when the one before was counted.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = mkdtempSync(join(tmpdir(), 'file-stream-'));
const [folder = join(made, 'incoming'), seconds = 60] = args;
if (!existsSync(folder)) mkdirSync(folder);

const log = readFileSync(join(__dirname, 'data/server.log'), 'utf8').split('\n');
const pieces = 5;
let piece = 0;
function moveOneIn() {
  const name = `piece-${piece}.log`;
  writeFileSync(join(made, name), log.slice(piece * 300, ++piece * 300).join('\n'));
  // Moved in whole: a file that is written in place is read only once it has stopped growing.
  renameSync(join(made, name), join(folder, name));
}

const lines = stream('500ms').textFileStream(folder);
const levels = lines.map((line) => [line.split(' ')[2], 1]).reduceByKey((a, b) => a + b);
levels.foreachRDD(async (rdd) => {
  const counts = await rdd.collect();
  if (counts.length === 0) return;
  console.log(Object.fromEntries(counts.sort()));
  if (args.length > 0) return;
  if (piece < pieces) moveOneIn();
  else void stream().stop();
});

stream().start();
if (args.length === 0) moveOneIn();
if (!(await stream().awaitTerminationOrTimeout(`${seconds}s`))) console.log('the time is over');
