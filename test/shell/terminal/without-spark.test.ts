// A prompt on a master of Apache Spark that cannot start: the first job says what is missing and what to do, and the prompt goes on.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { withShell } from '../../helpers/prompt';

const test = suite('a prompt without Spark');
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'no-spark-'));
  const bin = join(folder, 'jdk', 'bin');
  for (const [major, home] of [
    ['17', join(folder, 'jdk')],
    ['11', join(folder, 'old')],
  ]) {
    mkdirSync(join(home, 'bin'), { recursive: true });
    const says = `#!/bin/sh\necho "    java.home = ${home}" >&2\necho "    java.specification.version = ${major}" >&2\n`;
    writeFileSync(join(home, 'bin', 'java'), says);
    chmodSync(join(home, 'bin', 'java'), 0o755);
  }
  writeFileSync(join(bin, 'javac'), '');
  for (const [version, home] of [
    ['4.3.0', 'spark'],
    ['2.4.8', 'old-spark'],
  ]) {
    mkdirSync(join(folder, home, 'jars'), { recursive: true });
    writeFileSync(join(folder, home, 'jars', `spark-core_2.13-${version}.jar`), '');
  }
  mkdirSync(join(folder, 'empty'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

/** What is wrong, by the environment and the master, and what the prompt says of it. */
const cases: Record<string, { master?: string; env: () => Record<string, string | undefined>; says: RegExp }> = {
  'no Java': {
    env: () => ({ JAVA_HOME: at('nothing') }),
    says: /Spark cannot run here: JAVA_HOME is .*nothing, which has no bin\/java\.\s+→ Install a JDK 17 or newer/,
  },
  'an old Java': {
    env: () => ({ JAVA_HOME: at('old') }),
    says: /Spark cannot run here: .*java is Java 11\.\s+→ Install a JDK 17/,
  },
  'no Spark': {
    env: () => ({ JAVA_HOME: at('jdk'), SPARK_HOME: undefined, XDG_CACHE_HOME: at('empty') }),
    says: /no Spark was found\.\s+→ Set SPARK_HOME or --spark-home, or run millrace spark-setup --pyspark/,
  },
  'an empty folder of Spark': {
    env: () => ({ JAVA_HOME: at('jdk'), SPARK_HOME: at('empty') }),
    says: /empty has no Spark: jars\/spark-core_\*\.jar is not there\.\s+→ Give the folder/,
  },
  'an unknown version': {
    env: () => ({ JAVA_HOME: at('jdk'), SPARK_HOME: at('old-spark') }),
    says: /Spark 2\.4\.8 at .* is not known to this version of Millrace\.\s+→ Use one of 3\.5, 4\.0, 4\.3/,
  },
  'a master that does not answer': {
    master: 'spark://127.0.0.1:1',
    env: () => ({ JAVA_HOME: at('jdk'), SPARK_HOME: at('spark') }),
    says: /no master answers \(127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1\)\.\s+→ Check the address/,
  },
};

for (const [name, { master = 'spark-local[2]', env, says }] of Object.entries(cases)) {
  test(`${name} is named with its remedy, and the prompt goes on`, () =>
    withShell(
      async (shell) => {
        await shell.entry('const rdd = sc.range(3).map(x => x + 1)', /rdd/);
        await shell.entry('rdd.count()', says);
        await shell.entry('rdd.count()', says);
        await shell.entry('1 + 1', /: number = 2/);
      },
      { env: env(), columns: 200 },
      ['--master', master],
    ));
}

test.run();
