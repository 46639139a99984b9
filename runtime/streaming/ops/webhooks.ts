// `webhookStream`: what others send by HTTP POST.
import { resolve } from 'node:path';
import { checkOptions, checkWhole, refuseArgument } from '../../base/arguments';
import { maxWebhookBytes } from '../../base/limits';
import { isLoopback } from '../../base/remote/loopback';
import type { WebhookSource } from '../../plan/receivers';
import { StreamingContext } from '../context';
import type { DStream } from '../graph/dstream';
import { ReceivedInputDStream } from '../sources/receiver-streams';
import { type Listen, limitsOf, portOf, type ReceiverOptions } from './receivers';

/** Where requests arrive, and who may send them. */
export interface WebhookListen extends Listen {
  /** An address of this machine. Default 127.0.0.1: other machines cannot send; another one needs `token` and `tls`. */
  readonly host?: string;
  /** Of at least 16 characters: requests carry it as `Authorization: Bearer TOKEN`. */
  readonly token?: string;
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Larger bodies are refused. Default 1 MiB. */
  readonly maxBodyBytes?: number;
}

declare module '../context' {
  interface StreamingContext {
    /**
     * What arrives by HTTP POST at a port of this machine: a body of `application/json` is an element (an array: its items), each line of
     * `application/x-ndjson` is one, and each line of `text/plain`, as a string. A request is answered, with 200 and `{ "records": n }`, once
     * its elements are in a block, with a checkpoint folder on the disk: without an answer send it again. Web pages are refused.
     * Throws BAD_ARGUMENT or BAD_OPTION.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.webhookStream({ listen: 9000 })
     */
    webhookStream<T = any>(listen: WebhookListen, options?: ReceiverOptions): DStream<T>;
  }
}

const operation = 'webhookStream';
const remedy = 'Write webhookStream({ listen: 9000 }).';
const leastToken = 16;
const mostToken = 1024;
const mostBody = 64 << 20;

function refuse(argument: string, value: unknown, rule: string, instead = remedy): never {
  return refuseArgument({ operation, argument, value, rule, remedy: instead });
}

/** Whether it is `localhost`, or an address of IPv4 or IPv6. */
const isAddress = (host: string): boolean =>
  host === 'localhost' || /^\d+(?:\.\d+){3}$/.test(host) ? URL.canParse(`http://${host}`) : URL.canParse(`http://[${host}]`);

function sourceOf(listen: WebhookListen): WebhookSource {
  checkOptions(operation, listen, remedy);
  const { host = '127.0.0.1', token, tls, maxBodyBytes = maxWebhookBytes } = listen;
  const port = portOf(operation, listen.listen, 0);
  if (typeof host !== 'string' || !isAddress(host)) refuse('the host', host, 'an address of this machine');
  // The value is shown nowhere: it may be a real one with a character too many.
  if (token !== undefined && (typeof token !== 'string' || token.length > mostToken || !/^[\x21-\x7e]{16,}$/.test(token)))
    refuse('the token', '(not shown)', `a text of ${leastToken} to ${mostToken} characters, without spaces`);
  if (tls !== undefined && (typeof tls?.cert !== 'string' || typeof tls.key !== 'string'))
    refuse('tls', tls, 'the files of a certificate and its key', "Write { tls: { cert: 'cert.pem', key: 'key.pem' } }.");
  if (!isLoopback(host) && (token === undefined || tls === undefined))
    refuse(
      'the host',
      host,
      'an address of this machine alone where no token and no certificate are given',
      "Leave the host out, or write { listen, host, token, tls: { cert: 'cert.pem', key: 'key.pem' } }.",
    );
  checkWhole(maxBodyBytes, 1, mostBody, { operation, argument: 'maxBodyBytes', remedy });
  const files = tls && { cert: resolve(tls.cert), key: resolve(tls.key) };
  return { kind: 'webhookListen', host, port, token, tls: files, maxBodyBytes };
}

StreamingContext.prototype.webhookStream = function <T>(
  this: StreamingContext,
  listen: WebhookListen,
  options?: ReceiverOptions,
) {
  const source = sourceOf(listen);
  return new ReceivedInputDStream<T>(this, operation, () => source, 'objects', limitsOf(this, operation, options));
};
