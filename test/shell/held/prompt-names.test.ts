// Names of prompts of a server: each that starts gets its own, also where several start at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { claimPromptName, forgetPrompt, runningPrompts, writeCard } from '../../../shell/held/prompt-places';

const test = suite('names of prompts');
const folder = mkdtempSync(path.join(tmpdir(), 'prompts-'));

test.before(() => {
  process.env['XDG_RUNTIME_DIR'] = folder;
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test('a name is taken from its claim on, before the prompt itself has said anything', () => {
  assert.equal([claimPromptName(), claimPromptName(), claimPromptName()], ['1', '2', '3']);
  writeCard('2', 'serve', false);
  assert.equal(
    runningPrompts()
      .map(({ name, master }) => [name, master])
      .sort(),
    [
      ['1', 'a server, starting'],
      ['2', 'serve'],
      ['3', 'a server, starting'],
    ],
  );
  forgetPrompt('1');
  assert.is(claimPromptName(), '1');
});

test.run();
