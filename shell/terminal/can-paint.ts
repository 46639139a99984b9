// Whether the terminal can show a block that is painted again and again, or only lines.

/** Streams of a real terminal, and none of a build machine. */
export function canPaint({ stdin, stdout, env }: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'env'>): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env['TERM'] !== 'dumb' && !isCI(env);
}

/** A build machine may give its jobs a terminal without a user; its log must not get cursor movements. */
function isCI({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && CI !== '' && CI !== '0' && CI !== 'false';
}
