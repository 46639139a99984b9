// Types the sessions of documents again and writes down what the prompt prints now: npm run record -- README.md docs/pictures/session.ansi
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, isSession, sceneOf } from './helpers/markdown';
import { plainText, recordPainted, recordSession } from './helpers/transcript';

const root = join(__dirname, '..');

async function record(document: string): Promise<void> {
  for (const block of blocksOf(document).filter(isSession)) {
    const text = readFileSync(join(root, document), 'utf8');
    const recorded = await recordSession(block.text, sceneOf(block));
    if (recorded !== block.text) console.log(`${document}:${block.line} is recorded again`);
    writeFileSync(
      join(root, document),
      text.replace(`\`\`\`\n${block.text}\`\`\``, () => `\`\`\`\n${recorded}\`\`\``),
    );
  }
}

/** A file that is one session, with its colours: the picture of the README is drawn from it (`npm run pictures`). */
async function recordPicture(file: string): Promise<void> {
  const text = plainText(readFileSync(join(root, file), 'utf8'));
  writeFileSync(join(root, file), await recordPainted(text, sceneOf({ text })));
}

async function main(documents: readonly string[]): Promise<void> {
  for (const document of documents) await (document.endsWith('.md') ? record(document) : recordPicture(document));
  process.exit(0);
}

void main(process.argv.slice(2));
