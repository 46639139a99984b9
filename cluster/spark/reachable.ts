// Whether anything answers at a standalone master: Spark itself tries for a minute before it says so.
import { connect } from 'node:net';
import { noSpark } from './installed-spark';

const patienceMs = 5000;
/** The wait is counted in slices: while something holds the thread, an answer cannot be heard. */
const sliceMs = 250;

function answers(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (reason?: string) => {
      clearInterval(timer);
      socket.destroy();
      resolve(reason);
    };
    let left = patienceMs / sliceMs;
    const timer = setInterval(() => {
      if (--left === 0) end(`no answer within ${patienceMs / 1000} s`);
    }, sliceMs);
    socket.once('connect', () => end());
    socket.once('error', (error) => end(error.message));
  });
}

/** Throws NO_SPARK where no master of `spark://host:port,host:port` answers; other masters are not asked. */
export async function checkReachable(url: string): Promise<void> {
  const masters = /^spark:\/\/(.+)$/.exec(url)?.[1].split(',') ?? [];
  const reasons: string[] = [];
  for (const master of masters) {
    const [host, port] = master.split(':');
    const reason = await answers(host, Number(port));
    if (reason === undefined) return;
    reasons.push(`${master}: ${reason}`);
  }
  if (reasons.length > 0)
    throw noSpark(
      `no master answers (${reasons.join('; ')})`,
      'Check the address, which the log and the page of the master show, and that this machine reaches it.',
    );
}
