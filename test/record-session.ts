// Types the sessions of documents again and writes down what the prompt prints now: node -r ts-node/register/transpile-only test/record-session.ts README.md
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, isSession, sceneOf } from './helpers/markdown';
import { recordSession } from './helpers/transcript';

const root = join(__dirname, '..');

async function main(documents: readonly string[]): Promise<void> {
  for (const document of documents) {
    for (const block of blocksOf(document).filter(isSession)) {
      const text = readFileSync(join(root, document), 'utf8');
      const recorded = await recordSession(block.text, sceneOf(block));
      if (recorded !== block.text) console.log(`${document}:${block.line} is recorded anew`);
      writeFileSync(
        join(root, document),
        text.replace(`\`\`\`\n${block.text}\`\`\``, () => `\`\`\`\n${recorded}\`\`\``),
      );
    }
  }
  process.exit(0);
}

void main(process.argv.slice(2));
