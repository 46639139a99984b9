// `npm run test:corpus -- FOLDER [WORD]`: reads the files of others whose names have the word, and prints agreement by kind and each difference.
import { connect } from '../../cluster/connect';
import { percent, readCorpus } from './read-corpus';

async function main([folder, word = '']: readonly string[]): Promise<void> {
  if (folder === undefined) throw new Error('Name the folder of the corpus: npm run test:corpus -- ../shared/data');
  // What has no zone is meant as the references print it.
  process.env.TZ = 'UTC';
  const sc = await connect('local');
  try {
    const { agreement, differences } = await readCorpus(sc, folder, word);
    for (const { file, how } of differences) console.log(`${file}: ${how}`);
    for (const [reader, found] of agreement)
      console.log(`${reader}: ${found.agreed} of ${found.files} agree, ${percent(found).toFixed(1)} %`);
  } finally {
    await sc.stop();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
