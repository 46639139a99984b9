// The pictures of the README show what is so: the session in them is typed again, and both are as the script draws them.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sceneOf } from '../helpers/markdown';
import { readDocument } from '../helpers/sources';
import { checkSession, plainText } from '../helpers/transcript';
import { comparison, pictures, sessionFile } from '../pictures/pictures';

test('the recorded session answers as in the picture', () => {
  const text = plainText(readDocument(sessionFile));
  return checkSession(text, sceneOf({ text }));
});

for (const [path, draw] of Object.entries(pictures))
  test(`${path} is as npm run pictures draws it`, () => assert.ok(readDocument(path) === draw(), 'run: npm run pictures'));

test('the README shows each picture and says when the figures were measured', () => {
  const readme = readDocument('README.md');
  for (const path of Object.keys(pictures)) assert.ok(readme.includes(`(${path})`), path);
  assert.ok(readme.includes(comparison().date), comparison().date);
});

test.run();
