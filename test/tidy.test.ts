// Style is a test: which folder may use which, what may not be called, nothing exported that nobody uses, every file on the map.
import { dirname } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crossings, importCircles, upwardImports } from './helpers/layers';
import { mapText, roomsOff } from './helpers/map';
import { reachable, readDocument, readSources, type Source } from './helpers/sources';

const sources = readSources(['runtime', 'cluster', 'shell', 'samples', 'test']);
const product = Array.from(sources.values()).filter(({ path }) => /^(runtime|cluster|shell)\//.test(path));

const maxLines = 400;
const maxFiles = 25;

/** What a folder may not import, at run time or as a type: folders of ours by name, packages and builtins as written. */
const forbidden: Readonly<Record<string, { readonly folders: readonly string[]; readonly modules: RegExp }>> = {
  runtime: {
    folders: ['cluster', 'shell', 'samples', 'test'],
    modules:
      /^(node:)?(net|tls|dgram|https?|http2|child_process|cluster|readline|repl|tty)(\/|$)|^(ws|typescript|ts-node|chalk|commander)(\/|$)/,
  },
  cluster: {
    folders: ['shell', 'samples', 'test'],
    modules: /^(typescript|ts-node|chalk|commander)(\/|$)|^(node:)?(readline|repl|tty)(\/|$)/,
  },
  shell: { folders: ['samples', 'test'], modules: /^(node:)?repl$/ },
};

/** Each with what to use instead. */
const banned: readonly { readonly where: RegExp; readonly what: RegExp; readonly instead: string; readonly except?: RegExp }[] = [
  {
    where: /^runtime\//,
    what: /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/,
    instead: 'a Clock or Random of runtime/base/time.ts, passed in',
    except: /^runtime\/base\/time\.ts$/,
  },
  {
    where: /^runtime\/(scheduler|streaming)\//,
    what: /\bperformance\.now\(|\bset(Timeout|Interval)\(/,
    instead: 'the Clock that was passed in',
  },
  { where: /^(runtime|cluster)\//, what: /\bconsole\.\w+\(/, instead: 'an event, an error or a metric' },
  {
    where: /^cluster\/ui\/page\//,
    what: /\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc|eval)\b|\bdocument\.write|\bnew Function\b/,
    instead: 'text nodes: what is shown comes from data',
  },
  {
    where: /^(runtime|shell)\//,
    what: /\bmkdirSync\([^\n]*recursive/,
    instead: 'makeFolders of runtime/base/files.ts, which returns',
  },
  { where: /^(runtime|cluster|shell|samples)\//, what: /\bdebugger\b/, instead: 'nothing' },
  {
    where: /^test\/.*\.test\.ts$/,
    what: /\b(test|suite)\.only\(/,
    instead: 'a plain test: the others would not run',
    except: /^test\/tidy/,
  },
  { where: /./, what: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'an issue', except: /^test\/tidy/ },
  { where: /./, what: /@ts-(ignore|nocheck)|biome-ignore-all/, instead: 'a type that fits', except: /^test\/tidy/ },
];

/** Comments and texts are not calls; what replaces them keeps the lines. */
function codeOf(text: string): string {
  const tokens = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g;
  return text.replace(tokens, (token) => token.replace(/[^\n]/g, ' '));
}

const folderOf = (path: string) => path.split('/')[0];
const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length;

function none(found: readonly string[], rule: string): void {
  assert.ok(found.length === 0, `${rule}:\n    ${found.join('\n    ')}`);
}

test('there are sources to look at', () => {
  assert.ok(product.length > 10, `${product.length} files`);
});

test('each folder uses only what it may', () => {
  const found: string[] = [];
  for (const { path, imports } of product) {
    const { folders, modules } = forbidden[folderOf(path)];
    for (const { specifier, file } of imports) {
      if (file ? folders.includes(folderOf(file)) : modules.test(specifier)) found.push(`${path} imports ${specifier}`);
    }
  }
  none(found, 'the engine knows nothing of where it runs, and neither of them of the shell');
});

test('no file leads back to itself by imports', () => {
  none(importCircles(sources, ['runtime', 'cluster', 'shell']), 'circles, types included; a contract in a lower layer opens one');
});

test('imports lead to the same layer or a lower one', () => {
  none(upwardImports(sources), 'the layers are in test/helpers/layers.ts');
});

test('rooms of one process know nothing of those of another', () => {
  none(crossings(sources), 'what they share is in a lower room, such as shell/contract');
});

/** The one file outside that goes to the browser with the pages: words for numbers, the same there as at the prompt. Pure, and without imports. */
const alsoOnPages = 'runtime/base/units.ts';

test('the pages take types only from the rest, but for one file that takes nothing', () => {
  assert.equal(sources.get(alsoOnPages)?.imports, []);
  const found: string[] = [];
  for (const { path, imports } of product) {
    if (!path.startsWith('cluster/ui/page/')) continue;
    for (const { specifier, file, typeOnly } of imports)
      if (file && !file.startsWith('cluster/ui/page/') && file !== alsoOnPages && !typeOnly)
        found.push(`${path} imports ${specifier}`);
  }
  none(found, 'what is imported goes to the browser');
});

test('every relative import leads to a file', () => {
  const found: string[] = [];
  for (const { path, imports } of sources.values()) {
    for (const { specifier, file } of imports)
      if (file && !sources.has(file) && !file.endsWith('.json')) found.push(`${path}: ${specifier}`);
  }
  none(found, 'imports that lead nowhere');
});

test('an executor loads neither the compiler nor the shell', () => {
  const found: string[] = [];
  for (const entry of ['cluster/executor/executor-main.ts', 'cluster/executor/executor-link.ts']) {
    assert.ok(sources.has(entry), `${entry} is missing`);
    for (const [path, way] of reachable(entry, sources)) {
      if (folderOf(path) === 'shell') found.push(way.join(' → '));
      for (const { specifier, typeOnly } of sources.get(path)?.imports ?? []) {
        if (!typeOnly && /^(typescript|ts-node|esbuild)(\/|$)/.test(specifier)) found.push(`${way.join(' → ')} → ${specifier}`);
      }
    }
  }
  none(found, 'typescript costs 0.3 s and 46 MB a process');
});

test('every file starts with a sentence that says what it is', () => {
  const found = Array.from(sources.values()).filter(({ text }) => !/^\/\/ [A-Z`"'].{20,}/.test(text));
  none(
    found.map(({ path }) => path),
    'these start without a `//` sentence',
  );
});

test('every room has a sentence, and MAP.md has every file', () => {
  none(roomsOff(), 'each room is on the map with one sentence');
  assert.ok(readDocument('MAP.md') === mapText(), 'MAP.md is not what the sources say; run: npm run map');
});

test('banned calls have replacements', () => {
  const found: string[] = [];
  for (const { path, text } of sources.values()) {
    const code = codeOf(text);
    for (const { where, what, instead, except } of banned) {
      if (!where.test(path) || except?.test(path)) continue;
      // Marks for later are looked for in comments too.
      const match = what.exec(what.source.includes('TODO') || what.source.startsWith('@') ? text : code);
      if (match) found.push(`${path}:${lineOf(text, match.index)}: ${match[0]} – use ${instead}`);
    }
  }
  none(found, 'banned');
});

test('nothing is exported that nobody uses', () => {
  const used = namesUsed();
  const found: string[] = [];
  for (const { path, exports } of product) {
    if (isPublic(path)) continue;
    for (const { name, kind, mentionedHere } of exports) {
      if (used.has(`${path} ${name}`) || used.has(`${path} *`) || (kind === 'type' && mentionedHere)) continue;
      found.push(`${path}: ${name}`);
    }
  }
  none(found, 'exports without a use in another file or a test');
});

/** The roots of the public API, whose users are outside. */
const isPublic = (path: string) => /^(runtime|cluster|runtime\/models)\/index\.ts$/.test(path);

/** `path name` of all that some file takes from another, `path *` where it takes all. */
function namesUsed(): Set<string> {
  const used = new Set<string>();
  for (const { imports } of sources.values()) {
    for (const { file, names } of imports) {
      if (!file) continue;
      if (names === undefined) used.add(`${file} *`);
      else for (const name of names) used.add(`${file} ${name}`);
    }
  }
  return used;
}

test('no file is too long to be read at once', () => {
  const lines = ({ text }: Source) => text.split('\n').length - 1;
  const found = Array.from(sources.values()).filter((source) => lines(source) > maxLines);
  none(
    found.map((source) => `${source.path}: ${lines(source)} lines`),
    `files over ${maxLines} lines`,
  );
});

test('no folder has more files than can be seen at once', () => {
  const counts = new Map<string, number>();
  for (const { path } of product) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  none(
    [...counts].filter(([, count]) => count > maxFiles).map(([folder, count]) => `${folder}: ${count} files`),
    `folders of more than ${maxFiles} files`,
  );
});

test('no file names a place of one machine or a package registry', () => {
  const found: string[] = [];
  for (const { path, text } of sources.values()) {
    const match = /\/work\/(main|shared)|\/home\/\w+\/|\/Users\/\w+\/|registry\.npmjs|npmjs\.(org|com)/.exec(text);
    if (match && path !== 'test/tidy.test.ts') found.push(`${path}:${lineOf(text, match.index)}: ${match[0]}`);
  }
  none(found, 'places that are not everywhere');
});

test.run();
