// Who asks S3, where and in which region: the usual variables of the environment, then the profile files that other tools read.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Variables that stores read. Executors get them beside their environment, which user code sees and which has none of them. */
const storeVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'HADOOP_USER_NAME',
  'MILLRACE_WEBHDFS_PORT',
  'MILLRACE_WEBHDFS_TOKEN',
] as const;

export type StoreVariables = Readonly<Partial<Record<(typeof storeVariables)[number], string>>>;

/** Those of an environment that have a value. */
export const variablesOf = (environment: NodeJS.ProcessEnv): StoreVariables =>
  Object.fromEntries(storeVariables.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));

/** The same from a text that `JSON.stringify` made of them. */
export const variablesIn = (json: string): StoreVariables => variablesOf(JSON.parse(json) as NodeJS.ProcessEnv);

export interface Keys {
  readonly id: string;
  readonly secret: string;
  readonly token?: string;
}

export interface Account {
  /** Left out: requests are not signed, which is enough for public buckets. */
  readonly keys?: Keys;
  readonly region: string;
  /** Of another store than AWS. */
  readonly endpoint?: string;
}

type Section = Readonly<Record<string, string>>;

/** The sections of a profile file; none where there is no file. */
function sectionsOf(path: string): ReadonlyMap<string, Section> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return new Map();
  }
  const sections = new Map<string, Record<string, string>>();
  let section: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, header] = /^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/.exec(line) ?? [];
    if (header !== undefined) {
      section = sections.get(header) ?? {};
      sections.set(header, section);
      continue;
    }
    const [, name, value] = /^([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) section[name.toLowerCase()] = value;
  }
  return sections;
}

/** What the variables and files say now: tools renew keys while a session runs. */
export function accountOf(variables: StoreVariables): Account {
  const folder = join(homedir(), '.aws');
  const profile = variables.AWS_PROFILE ?? 'default';
  const config = sectionsOf(variables.AWS_CONFIG_FILE ?? join(folder, 'config')).get(profile) ?? {};
  const credentials = sectionsOf(variables.AWS_SHARED_CREDENTIALS_FILE ?? join(folder, 'credentials')).get(profile) ?? {};
  const file = { ...config, ...credentials };
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = variables;
  const own = id && secret ? { id, secret, token: variables.AWS_SESSION_TOKEN } : undefined;
  const { aws_access_key_id: fileId, aws_secret_access_key: fileSecret, aws_session_token: token } = file;
  return {
    keys: own ?? (fileId && fileSecret ? { id: fileId, secret: fileSecret, token } : undefined),
    region: variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION ?? file.region ?? 'us-east-1',
    endpoint: variables.AWS_ENDPOINT_URL_S3 ?? variables.AWS_ENDPOINT_URL ?? file.endpoint_url,
  };
}
