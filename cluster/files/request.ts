// One request of HTTP with its answer as bytes: bounded waits, redirects, and tries again where the network or the server had a bad moment.
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  /** Made anew for each try: a signature holds the time. */
  readonly headers: (url: URL) => Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** More bytes are no answer to this request. */
  readonly mostBytes: number;
  /** Redirects are followed, without the headers of the first server where another one is named. Default true. */
  readonly follows?: boolean;
  /** Default 5. */
  readonly tries?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** There was more than `mostBytes`: the rest was not read. */
  readonly isCut: boolean;
}

/** A silent connection is given up after this long. */
const silenceMs = 30_000;
const mostTries = 5;
const firstPauseMs = 100;
const mostRedirects = 5;

const options = { keepAlive: true, maxSockets: 16, scheduling: 'lifo' } as const;
const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };

/** Errors of the network that another try may not meet. */
const passing = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const isPassing = (error: unknown): boolean => passing.has(String((error as NodeJS.ErrnoException).code));

/** Answers of a server that is busy or in trouble. */
const isBusy = ({ status }: Answer): boolean => status === 408 || status === 429 || (status >= 500 && status !== 501);

function once({ method, url, headers, body, mostBytes }: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { protocol } = url;
    const { request } = protocol === 'https:' ? https : http;
    const sent = body ? { 'content-length': String(body.length) } : {};
    const asked = request(
      url,
      { method, agent: agents[protocol as 'http:'], headers: { 'accept-encoding': 'identity', ...sent, ...headers(url) } },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        const done = (isCut: boolean) => {
          const all = Buffer.concat(chunks);
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            isCut,
            body: isCut ? all.subarray(0, mostBytes) : all,
          });
        };
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= mostBytes) return;
          done(true);
          asked.destroy();
        });
        answer.on('end', () => done(false));
        answer.on('error', reject);
      },
    );
    asked.setTimeout(silenceMs, () =>
      asked.destroy(Object.assign(new Error(`the server was silent for ${silenceMs / 1000} seconds`), { code: 'ETIMEDOUT' })),
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Sends a request, again where that may help. Rejects with the error of the network. */
export async function send(request: Request): Promise<Answer> {
  let url = request.url;
  let { headers } = request;
  const { tries: most = mostTries } = request;
  for (let redirects = 0, tries = 1; ; ) {
    let answer: Answer | undefined;
    try {
      answer = await once({ ...request, url, headers });
    } catch (error) {
      if (tries >= most || !isPassing(error)) throw error;
    }
    if (answer && (!isBusy(answer) || tries >= most)) {
      const { location } = answer.headers;
      const isRedirect = answer.status >= 301 && answer.status <= 308 && answer.status !== 304 && location !== undefined;
      if (!isRedirect || request.follows === false || redirects++ >= mostRedirects) return answer;
      const next = new URL(location, url);
      if (next.protocol !== 'http:' && next.protocol !== 'https:') return answer;
      // Another server is not told what this one was.
      if (next.origin !== url.origin) headers = (to) => withoutSecrets(request.headers(to));
      url = next;
      continue;
    }
    await sleep(firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2));
    tries++;
  }
}

const withoutSecrets = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization' && !name.startsWith('x-amz-')));
