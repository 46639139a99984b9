// The handshake: driver and executor prove to each other that they know the session's token, without sending it.
//
//   executor → driver   hello      version, executor id, nonce of the executor
//   driver → executor   challenge  nonce of the driver, proof of the driver
//   executor → driver   answer     proof of the executor
//
// A proof is HMAC-SHA256(token, role, executor id, both nonces). The role prevents reflection, the nonces prevent replay, and the id binds
// the connection to one executor. These three messages are JSON in text frames, so that we parse nothing richer for a stranger; all later
// messages are binary.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fields, refuse } from './fields';
import { protocolVersion } from './protocol';

const tokenBytes = 32;
const hexLength = tokenBytes * 2;

/** A fresh session token of 256 bits. */
export const freshToken = (): Buffer => randomBytes(tokenBytes);

type Role = 'driver' | 'executor';

interface Nonces {
  readonly executorId: string;
  readonly executor: string;
  readonly driver: string;
}

function proofOf(token: Buffer, role: Role, nonces: Nonces): Buffer {
  const text = JSON.stringify([role, protocolVersion, nonces.executorId, nonces.executor, nonces.driver]);
  return createHmac('sha256', token).update(text).digest();
}

function isProof(given: string, token: Buffer, role: Role, nonces: Nonces): boolean {
  const bytes = Buffer.from(given, 'hex');
  // timingSafeEqual requires equal lengths; the length is no secret.
  return bytes.length === tokenBytes && timingSafeEqual(bytes, proofOf(token, role, nonces));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('the handshake is not JSON');
  }
}

/** The executor's side of the handshake. */
export class ExecutorHandshake {
  readonly #token: Buffer;
  readonly #executorId: string;
  readonly #nonce = randomBytes(tokenBytes).toString('hex');

  constructor(token: Buffer, executorId: string) {
    this.#token = token;
    this.#executorId = executorId;
  }

  hello(): string {
    return JSON.stringify({ kind: 'hello', version: protocolVersion, executorId: this.#executorId, nonce: this.#nonce });
  }

  /** Checks the driver's challenge and answers it. Throws PROTOCOL if the driver does not know the token. */
  answer(text: string): string {
    const challenge = new Fields('challenge', parse(text));
    if (challenge.string('kind', hexLength) !== 'challenge') refuse('the driver did not send a challenge');
    const nonces: Nonces = { executorId: this.#executorId, executor: this.#nonce, driver: challenge.string('nonce', hexLength) };
    const proof = challenge.string('proof', hexLength);
    challenge.end();
    if (!isProof(proof, this.#token, 'driver', nonces)) refuse('the driver does not know the token of the session');
    return JSON.stringify({ kind: 'answer', proof: proofOf(this.#token, 'executor', nonces).toString('hex') });
  }
}

/** The driver's side of one handshake. */
export class DriverHandshake {
  readonly #token: Buffer;
  readonly #admits: (executorId: string) => boolean;
  #nonces: Nonces | undefined;

  /** `admits` says whether the executor with this id was started and has not connected yet. */
  constructor(token: Buffer, admits: (executorId: string) => boolean) {
    this.#token = token;
    this.#admits = admits;
  }

  /** Takes the next message of the peer. Returns a reply to send, or the id of the executor that has proved itself. Throws PROTOCOL. */
  take(text: string): { readonly reply: string } | { readonly executorId: string } {
    const message = new Fields('handshake', parse(text));
    return this.#nonces === undefined ? { reply: this.#challenge(message) } : { executorId: this.#check(message, this.#nonces) };
  }

  #challenge(hello: Fields): string {
    if (hello.string('kind', hexLength) !== 'hello') refuse('the first message is no hello');
    const version = hello.integer('version');
    if (version !== protocolVersion) refuse(`the executor speaks protocol ${version} instead of ${protocolVersion}`);
    const executorId = hello.string('executorId', hexLength);
    const nonce = hello.string('nonce', hexLength);
    hello.end();
    if (nonce.length !== hexLength) refuse('the nonce is too short');
    this.#nonces = { executorId, executor: nonce, driver: randomBytes(tokenBytes).toString('hex') };
    const proof = proofOf(this.#token, 'driver', this.#nonces).toString('hex');
    return JSON.stringify({ kind: 'challenge', nonce: this.#nonces.driver, proof });
  }

  #check(answer: Fields, nonces: Nonces): string {
    if (answer.string('kind', hexLength) !== 'answer') refuse('the second message is no answer');
    const proof = answer.string('proof', hexLength);
    answer.end();
    if (!isProof(proof, this.#token, 'executor', nonces)) refuse('the peer does not know the token of the session');
    // Checked last, so that a stranger cannot probe for ids.
    if (!this.#admits(nonces.executorId)) refuse(`nobody waits for an executor ${nonces.executorId}`);
    return nonces.executorId;
  }
}
