// Passwords of connectors: as text, or where to read them. No message has one.
import { readFileSync } from 'node:fs';
import { refuseArgument } from '../../runtime/base/arguments';

/** A password: as text, or where to read it. What is typed at the prompt is best read from elsewhere. */
export type Password = string | { readonly env: string } | { readonly file: string };

const remedy = "Write password: { env: 'NAME' } or { file: 'PATH' }.";

/** Throws BAD_ARGUMENT. */
export function passwordOf(operation: string, argument: string, given: Password | undefined): string {
  const refuse = (value: unknown, rule: string) => refuseArgument({ operation, argument, value, rule, remedy });
  const rule = "a text, { env: 'NAME' } or { file: 'PATH' }";
  if (typeof given === 'string') return given;
  if (typeof given !== 'object' || given === null) return refuse(typeof given, rule);
  if ('env' in given) {
    const value = process.env[given.env];
    return value ?? refuse(`{ env: '${given.env}' }`, 'a variable of the environment that is set');
  }
  return 'file' in given ? readText(operation, argument, given.file).trim() : refuse('an object', rule);
}

/** The text of a file that an option names. Throws BAD_ARGUMENT. */
export function readText(operation: string, argument: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const rule = `a file that can be read (${(error as NodeJS.ErrnoException).code})`;
    return refuseArgument({ operation, argument, value: path, rule, remedy: 'Check its path and its rights.' });
  }
}
