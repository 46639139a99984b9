// The versions of Spark that are known, and what differs between them.

export interface KnownSpark {
  /** Major and minor number. */
  readonly release: string;
  /** The newest of it that was tried, which `spark-setup --pyspark` installs. */
  readonly tried: string;
  /** Majors of Java that it runs on; the shim asks for 17 in any case. */
  readonly java: readonly number[];
}

export const knownSparks: readonly KnownSpark[] = [
  { release: '3.5', tried: '3.5.6', java: [17] },
  { release: '4.0', tried: '4.0.1', java: [17, 21] },
  { release: '4.3', tried: '4.3.0', java: [17, 21, 25] },
];

/** What is known of a version such as `4.0.1`. */
export const knownSpark = (version: string): KnownSpark | undefined =>
  knownSparks.find(({ release }) => version === release || version.startsWith(`${release}.`));

export const knownReleases = knownSparks.map(({ release }) => release).join(', ');

/** The one that is installed where none is asked for. */
export const newestSpark = knownSparks[knownSparks.length - 1];
