// The errors of connectors: part of the declared ones.

/** By code. */
export const connectorErrors = {
  NO_CLIENT: {
    sentence: '{operation} needs the package {package}, which is not installed.',
    remedy: 'Install it in the folder of your program: npm install {package}',
  },
} as const;
