// Preloaded in place of `ts-node/register/transpile-only`: what ts-node made of a file is kept on disk, by the file's content.
// Most of a test file's start went into compiling the same 300 files of the product. Plain JavaScript: nothing compiles it first.
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '../..');
const cache = path.join(root, 'node_modules/.cache/millrace-tests');
const required = require.resolve('ts-node', { paths: [root] });

/** What the JavaScript depends on beside the source: the compilers and their options. */
const setting = createHash('sha256');
for (const file of ['node_modules/ts-node/package.json', 'node_modules/typescript/package.json', 'tsconfig.json'])
  setting.update(readFileSync(path.join(root, file)));
const settingHash = setting.digest('hex');

/** The JavaScript of the files that are loaded, with their maps inline: stacks are mapped by it. */
const outputs = new Map();

let service;

/** Loading ts-node and the compiler takes half a second, so it is left until a file is new. */
function compiler() {
  service ??= require(required).create({ transpileOnly: true, cwd: root });
  return service;
}

function compiled(file) {
  const source = readFileSync(file, 'utf8');
  const key = createHash('sha256').update(settingHash).update(file).update('\0').update(source).digest('hex');
  const kept = path.join(cache, `${key}.js`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const js = compiler().compile(source, file);
    keep(kept, js);
    return js;
  }
}

/** A file that cannot be kept is compiled again the next time. */
function keep(file, js) {
  const unfinished = `${file}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(unfinished, js);
    renameSync(unfinished, file);
  } catch {}
}

require.extensions['.ts'] = (module, file) => {
  const js = compiled(file);
  outputs.set(file, js);
  module._compile(js, file);
};

// As ts-node does it.
require(require.resolve('@cspotcode/source-map-support', { paths: [required] })).install({
  environment: 'node',
  retrieveFile: (file) => outputs.get(file) ?? '',
  redirectConflictingLibrary: true,
});
