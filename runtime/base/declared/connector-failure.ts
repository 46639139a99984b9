// What connectors throw where they know what to do: of which kind it is, and the remedy. It imports nothing: executors load it with a connector.

/** Of which kind a failure of a connector is; each has its code. */
export type ConnectorFailure = 'unreachable' | 'refused' | 'missing' | 'gone' | 'tooLarge' | 'failed';

/** The field by which they are known: a connector may be a bundle with an own copy of this. */
const mark = 'connectorFailure';

/**
 * The error to throw in a `Source` or `Sink` where it is known what to do. `reason` names the system. The job fails with SOURCE_UNREACHABLE,
 * SOURCE_REFUSED, SOURCE_MISSING, DATA_GONE, RECORD_TOO_LARGE or CONNECTOR_FAILED. Batches of a stream are empty while its source is
 * unreachable.
 * @example connectorError('refused', 'the shop at db.example refuses the login', 'Check the password.').message // 'the shop at db.example refuses the login'
 */
export function connectorError(kind: ConnectorFailure, reason: string, remedy: string, cause?: unknown): Error {
  return Object.assign(new Error(reason, cause === undefined ? {} : { cause }), { [mark]: kind, remedy });
}

/** The kind and the remedy of such an error; undefined of any other. */
export function connectorFailureOf(thrown: unknown): { readonly kind: ConnectorFailure; readonly remedy: string } | undefined {
  const { [mark]: kind, remedy } = (thrown ?? {}) as { readonly [mark]?: unknown; readonly remedy?: unknown };
  return typeof kind === 'string' && typeof remedy === 'string' ? { kind: kind as ConnectorFailure, remedy } : undefined;
}
