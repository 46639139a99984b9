// The tests of connectors: which server each file needs, which files are of the short size, and what is left out where a server cannot be installed.
import { missingForCassandra } from './cassandra-node';
import { missingForKafka } from './kafka-broker';
import { missingForHadoop } from './mini-hadoop';
import { pythonWith } from './python';
import { missingForSql } from './sql-servers';

/** Why a server cannot be started on this machine; undefined where it can. Installs what it may. */
type Missing = () => string | undefined;

function missingForS3(): string | undefined {
  const found = pythonWith('moto');
  return 'missing' in found ? `No S3: ${found.missing}` : undefined;
}

/** By the beginning of the name of a file. */
const servers: Readonly<Record<string, Missing>> = {
  cassandra: missingForCassandra,
  databases: () => {
    const missing = missingForSql();
    return missing === undefined ? undefined : `No PostgreSQL and MariaDB: ${missing}`;
  },
  hdfs: missingForHadoop,
  kafka: missingForKafka,
  s3: missingForS3,
};

/** What `npm run test:connectors -- --short` runs, and so `.ci/run`: a file of each kind of server, of those that are started in seconds. */
const short = /^test\/connectors\/(databases|hdfs|kafka|s3)\.test\.ts$/;

const nameOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1).replace(/[-.].*$/, '');

/** The files of `all` whose servers can be started, and why those of the others cannot; with `whole` all of them, else those of the short size. */
export function connectorFiles(
  all: readonly string[],
  whole: boolean,
  by: Readonly<Record<string, Missing>> = servers,
): { readonly files: readonly string[]; readonly leftOut: readonly string[] } {
  const asked = all.filter((file) => whole || short.test(file));
  const missing = new Map<string, string | undefined>();
  for (const name of new Set(asked.map(nameOf))) missing.set(name, by[name]?.());
  const files = asked.filter((file) => missing.get(nameOf(file)) === undefined);
  const leftOut = [...missing].flatMap(([name, reason]) => {
    const names = asked.filter((file) => nameOf(file) === name).join(', ');
    return reason === undefined ? [] : [`Not run: ${names}. ${reason}`];
  });
  return { files, leftOut };
}
