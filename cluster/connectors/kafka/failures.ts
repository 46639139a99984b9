// What Kafka answers that is no success: what is tried again, and what is told with a remedy.
import { connectorError, connectorFailureOf } from '../../../runtime/base/declared/connector-failure';
import { addressText, type KafkaAddress } from './settings';

/** An error of a broker, by its name in the protocol. */
export class BrokerError extends Error {
  readonly id: string;

  constructor(id: string, what: string) {
    super(`${what}: ${id}`);
    this.id = id;
  }
}

/** Whether somebody has already said what to do. */
const isTold = (error: unknown): boolean => connectorFailureOf(error) !== undefined;

/** These pass: a leader or coordinator moves, loads, or is not elected yet. */
const passing = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'CONCURRENT_TRANSACTIONS',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
]);

const forbidden = /^SASL_AUTHENTICATION_FAILED$|_AUTHORIZATION_FAILED$/;

/** The name of the first error in an answer; undefined of what never reached a broker. */
export function idOf(error: unknown): string | undefined {
  if (error instanceof BrokerError) return error.id;
  const { errors, apiId, cause } = (error ?? {}) as { errors?: unknown[]; apiId?: string; cause?: unknown };
  if (typeof apiId === 'string') return apiId;
  for (const inner of Array.isArray(errors) ? errors : []) {
    const id = idOf(inner);
    if (id !== undefined) return id;
  }
  return cause === undefined ? undefined : idOf(cause);
}

const codeOf = (error: unknown): string => {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  const inner = cause === undefined ? '' : codeOf(cause);
  return inner || (typeof code === 'string' ? code : '');
};

const messagesOf = (error: unknown): string => {
  const { message, cause } = (error ?? {}) as { message?: unknown; cause?: unknown };
  return `${String(message)}${cause === undefined ? '' : `: ${messagesOf(cause)}`}`;
};

const isOfTls = (error: unknown): boolean =>
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(codeOf(error));

/** Whether trying again may help. */
export function isPassing(error: unknown): boolean {
  if (isTold(error) || isOfTls(error)) return false;
  const id = idOf(error);
  if (id !== undefined) return passing.has(id);
  return /^PLT_KFK_NETWORK$|^E[A-Z]+$/.test((error as { code?: string }).code ?? '') && !isRefusedLogin(error);
}

const isRefusedLogin = (error: unknown): boolean =>
  /AUTHENTICATION/.test(codeOf(error)) || /authenticat/i.test(messagesOf(error));

/** What to tell of an error that is not tried again, or was tried for too long. */
export function toldFailure(error: unknown, what: string, address: KafkaAddress): Error {
  if (isTold(error)) return error as Error;
  const where = addressText(address);
  const id = idOf(error);
  const { message } = error as Error;
  if (isOfTls(error))
    return connectorError(
      'refused',
      `${where}: TLS failed: ${messagesOf(error)}`,
      'Give the certificate of the authority as tls: { ca: FILE }, and brokers by the names that their certificates have.',
    );
  if (isRefusedLogin(error) || id === 'SASL_AUTHENTICATION_FAILED' || id === 'UNSUPPORTED_SASL_MECHANISM')
    return connectorError(
      'refused',
      `${where} refuses the login`,
      'Check mechanism, username and password of sasl, and that this port of the broker takes that mechanism.',
    );
  if (id !== undefined && forbidden.test(id))
    return connectorError('refused', `${where} does not allow to ${what}: ${id}`, 'Ask for an ACL of this user that allows it.');
  if (id === 'UNKNOWN_TOPIC_OR_PARTITION')
    return connectorError(
      'missing',
      `${where} has no such topic or partition: ${what}`,
      'Check the spelling; kafka-topics.sh --list tells the topics of a cluster, --create makes one.',
    );
  if (id === 'MESSAGE_TOO_LARGE' || id === 'RECORD_LIST_TOO_LARGE')
    return connectorError(
      'tooLarge',
      `${where} takes no record so large: ${what}`,
      'Raise max.message.bytes of the topic, compress (compression), or write less into one record.',
    );
  if (id === undefined || passing.has(id))
    return connectorError(
      'unreachable',
      `${where} cannot be reached to ${what}: ${id ?? messagesOf(error)}`,
      'Check that the brokers run and are the addresses that they advertise; a port with TLS or SASL needs tls or sasl.',
    );
  return connectorError('failed', `${where} did not ${what}: ${id}: ${message}`, 'The log of the broker has more.', error);
}
