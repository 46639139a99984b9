// The errors of connectors: part of the declared ones.

/** By code. */
export const connectorErrors = {
  NO_CLIENT: {
    sentence: '{operation} needs the package {package}, which is not installed.',
    remedy: 'Install it in the folder of your program: npm install {package}',
  },
  SOURCE_UNREACHABLE: { sentence: '{operation}: {reason}.', remedy: '{remedy}' },
  SOURCE_REFUSED: { sentence: '{operation}: {reason}.', remedy: '{remedy}' },
  SOURCE_MISSING: { sentence: '{operation}: {reason}.', remedy: '{remedy}' },
  DATA_GONE: { sentence: '{operation}: {reason}.', remedy: '{remedy}' },
  RECORD_TOO_LARGE: { sentence: '{operation}: {reason}.', remedy: '{remedy}' },
  CONNECTOR_FAILED: { sentence: '{operation}: {reason}.', remedy: '{remedy}' },
} as const;
