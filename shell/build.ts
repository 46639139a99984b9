// Builds dist/ from the sources: bundles, the pages, the declarations of the public API, and the snapshot of the type service.
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type OutputFile, type PluginBuild } from 'esbuild';
import { globSync } from 'tinyglobby';
import { oneCompiler } from './build/one-compiler';
import { globalNames, promptNames } from './types/entry-names';

const root = dirname(__dirname);
const dist = join(root, 'dist');

interface Bundle {
  readonly entry: string;
  readonly output: string;
  /** Users run it as a command: it gets a shebang and is executable. */
  readonly command?: boolean;
  /** One file, for what loads it as a module, copies it to other machines or hashes it. */
  readonly alone?: boolean;
}

const bundles: readonly Bundle[] = [
  { entry: 'shell/main.ts', output: 'millrace.js', command: true },
  { entry: 'shell/script/script-main.ts', output: 'script.js' },
  { entry: 'shell/session/session-main.ts', output: 'session.js' },
  { entry: 'cluster/executor/executor-main.ts', output: 'executor.js' },
  { entry: 'cluster/executor/executor-link.ts', output: 'executor-link.js' },
  { entry: 'cluster/files/fetch-thread.ts', output: 'fetch-thread.js', alone: true },
  { entry: 'cluster/receivers/receiver-main.ts', output: 'receiver.js' },
  { entry: 'cluster/sql/sql-main.ts', output: 'sql-engine.js' },
  { entry: 'cluster/connectors/kafka/on-executors.ts', output: 'kafka.js', alone: true },
  { entry: 'cluster/connectors/cassandra/on-executors.ts', output: 'cassandra.js', alone: true },
  { entry: 'cluster/connectors/cassandra/table-columns.ts', output: 'cassandra-columns.js', alone: true },
  { entry: 'cluster/connectors/sql/on-executors.ts', output: 'databases.js', alone: true },
  { entry: 'cluster/connectors/sql/table-columns.ts', output: 'table-columns.js', alone: true },
  { entry: 'cluster/spark/worker-main.ts', output: 'spark-worker.js', alone: true },
  { entry: 'shell/types/service-main.ts', output: 'types-service.js', alone: true },
];

/** The modules of the public API: what `import 'millrace'` gives. */
const publicModules = ['runtime/index', 'cluster/index'];

/** What `import 'millrace/models'` gives: a bundle on top of that of the API. */
const modelsModule = 'runtime/models/index';

const reexports = (modules: readonly string[]) => modules.map((module) => `export * from './${module}';\n`).join('');

/** The declarations of an import by this name; the pages of the API use the name too. */
const declarationsOf = (name: string, modules: readonly string[]) => `/** @module ${name} */\n${reexports(modules)}`;

// Some packages find themselves by import.meta.url, which CommonJS does not have.
const importMetaUrl = "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;";

// The compiler, ts-node and esbuild load their own files by path, and DuckDB is native code: they stay packages.
// No keepNames: functions of the engine go to executors as text, where esbuild's helper is missing.
const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  external: ['typescript', 'ts-node', 'esbuild', '@duckdb/node-api', '@resvg/resvg-js', '@platformatic/kafka'],
  define: { 'import.meta.url': 'importMetaUrl' },
  plugins: [oneCompiler],
  logLevel: 'warning',
  write: false,
};

/** The program's file runs the bundle, which is in a folder of its own with what V8 compiled of it. */
async function bundle({ entry, output, command, alone }: Bundle): Promise<void> {
  const outfile = alone ? join(dist, output) : join(dist, 'code', output);
  const banner = { js: importMetaUrl };
  const result = await build({ ...shared, entryPoints: [join(root, entry)], outfile, banner, metafile: true });
  await Promise.all(result.outputFiles!.map(writeWhole));
  if (alone) return;
  const { imports } = Object.values(result.metafile!.outputs).find(({ entryPoint }) => entryPoint !== undefined)!;
  // Node 20 loses the loader of a text whose compiled code it takes from a file: import() fails there.
  const dynamic = imports.find(({ kind }) => kind === 'dynamic-import');
  if (dynamic) throw new Error(`${output} has import('${dynamic.path}'): use require, or the loader of shell/evaluate`);
  const program = `require('./run-compiled.js').runCompiled(module, '${output}');\n`;
  const text = command ? `#!/usr/bin/env node\n${program}` : program;
  await writeWhole({ path: join(dist, output), contents: Buffer.from(text) });
  if (command) await chmod(join(dist, output), 0o755);
}

async function bundleStart(): Promise<void> {
  const entry = join(root, 'shell/build/run-compiled.ts');
  const options = { ...shared, entryPoints: [entry], outfile: join(dist, 'run-compiled.js'), sourcemap: false };
  const result = await build(options);
  await Promise.all(result.outputFiles!.map(writeWhole));
}

async function bundlePublicApi(): Promise<void> {
  const stdin = { contents: reexports(publicModules), resolveDir: root, sourcefile: 'index.ts', loader: 'ts' as const };
  const result = await build({ ...shared, stdin, outfile: join(dist, 'index.js'), banner: { js: importMetaUrl } });
  await Promise.all(result.outputFiles!.map(writeWhole));
}

/** The models import the API as users do: the relative path of the source becomes the bundle beside them. */
async function bundleModels(): Promise<void> {
  const api = { name: 'api', setup: ({ onResolve }: PluginBuild) => onResolve({ filter: /^\.\.\/index$/ }, () => besideApi) };
  const options = {
    ...shared,
    entryPoints: [join(root, `${modelsModule}.ts`)],
    outfile: join(dist, 'models.js'),
    plugins: [api],
  };
  const result = await build(options);
  await Promise.all(result.outputFiles!.map(writeWhole));
}

/** The chart library: for the session, and for pages, which carry it with them. */
async function bundleCharts(): Promise<void> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'shell/print/chart-library.ts')],
    outfile: join(dist, 'chart.js'),
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'millraceChart',
    footer: { js: "if(typeof module==='object')module.exports=millraceChart;" },
    target: 'es2022',
    logLevel: 'warning',
    write: false,
  });
  await Promise.all(result.outputFiles.map(writeWhole));
}

const pages = join(root, 'cluster/ui/page');

/** What browsers load: one script, one style sheet, and plain files. No source map: readers find the pages in the sources. */
async function bundlePages(): Promise<void> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: join(pages, 'main.tsx'), out: 'page' },
      { in: join(pages, 'page.css'), out: 'page' },
    ],
    outdir: join(dist, 'ui'),
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    tsconfig: join(pages, 'tsconfig.json'),
    logLevel: 'warning',
    write: false,
  });
  await mkdir(join(dist, 'ui'), { recursive: true });
  const plain = ['index.html', 'icon.svg'].map(async (name) => ({
    path: join(dist, 'ui', name),
    contents: await readFile(join(pages, name)),
  }));
  await Promise.all([...result.outputFiles, ...(await Promise.all(plain))].map(writeWhole));
}

/** The sources of the part inside Spark, which is compiled where it is first used. */
async function copyJava(): Promise<void> {
  const folder = join(root, 'cluster/spark/java/org/millrace/spark');
  await rm(join(dist, 'spark'), { recursive: true, force: true });
  await mkdir(join(dist, 'spark'), { recursive: true });
  const copied = (await readdir(folder)).map(async (name) => ({
    path: join(dist, 'spark', name),
    contents: await readFile(join(folder, name)),
  }));
  await Promise.all((await Promise.all(copied)).map(writeWhole));
}

const besideApi = { path: './index.js', external: true };

/** Writes to another name and renames, so that a process that starts meanwhile never reads half a bundle. */
async function writeWhole(file: Pick<OutputFile, 'path' | 'contents'>): Promise<void> {
  const beside = `${file.path}.${process.pid}`;
  await writeFile(beside, file.contents);
  await rename(beside, file.path);
}

/** Emits `dist/types/**` with the roots `index.d.ts` and `models.d.ts`, and the names of scripts as globals. Answers whether there was no error. */
async function declarations(): Promise<boolean> {
  // Only this step needs the compiler, which takes a third of a second to load.
  const ts: typeof import('typescript') = require('typescript');
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} },
  );
  const beside = join(dist, `types.${process.pid}`);
  const options = {
    ...config?.options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: beside,
    sourceMap: false,
  };
  const program = ts.createProgram(
    [...publicModules, modelsModule].map((module) => join(root, `${module}.ts`)),
    options,
  );
  const { diagnostics } = program.emit();
  await writeFile(join(beside, 'index.d.ts'), declarationsOf('millrace', publicModules));
  await writeFile(join(beside, 'models.d.ts'), declarationsOf('millrace/models', [modelsModule]));
  await writeFile(join(beside, 'globals.d.ts'), globalNames(promptNames));
  await rm(join(dist, 'types'), { recursive: true, force: true });
  await rename(beside, join(dist, 'types'));
  if (diagnostics.length > 0) {
    const host = { getCurrentDirectory: () => root, getCanonicalFileName: (name: string) => name, getNewLine: () => '\n' };
    process.stderr.write(ts.formatDiagnostics(diagnostics, host));
  }
  return diagnostics.length === 0;
}

async function snapshot(): Promise<void> {
  const module: typeof import('./types/snapshot') = require('./types/snapshot');
  const blob = await module.buildSnapshot(dist);
  if (!blob)
    process.stderr.write(
      'millrace: no snapshot of the type service could be made; the first entry of a session takes about a second longer\n',
    );
}

/** Written at the end of a whole build. If a source is newer, dist/ is stale. */
const stamp = join(dist, '.built');

function isCurrent(): boolean {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json'];
  const sources = [...settings, ...globSync('{runtime,cluster,shell}/**/*.{ts,tsx,css,html,svg,java}', { cwd: root })];
  return sources.every((path) => statSync(join(root, path)).mtimeMs < built);
}

async function main(): Promise<void> {
  const fast = process.argv.includes('--fast');
  if (process.argv.includes('--if-stale') && isCurrent()) return;
  const started = new Date();
  await mkdir(join(dist, 'code'), { recursive: true });
  await Promise.all([
    ...bundles.map(bundle),
    bundleStart(),
    bundlePublicApi(),
    bundleModels(),
    bundlePages(),
    bundleCharts(),
    copyJava(),
  ]);
  // What V8 compiled of earlier bundles.
  await Promise.all(globSync('dist/code/*.cache*', { cwd: root, absolute: true }).map((file) => rm(file, { force: true })));
  if (fast) return;
  const declared = await declarations();
  await snapshot();
  if (!declared) {
    process.exitCode = 1;
    return;
  }
  // The stamp gets the start time: a source saved during the build is newer.
  await writeFile(stamp, '');
  await utimes(stamp, started, started);
}

main().catch((error: unknown) => {
  process.stderr.write(`build: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
