// One client of a cluster for the parts that a process reads one after the other: to connect takes longer than to read a small range.
import { type Client, type Cluster, type Login, openCluster } from './client';

/** A client that nobody uses is closed after this long: the next part begins sooner. */
const idleMs = 500;

interface Shared {
  readonly client: Promise<Client>;
  users: number;
}

const open = new Map<string, Shared>();

export interface Lease {
  readonly client: Client;
  /** Another reader may have it; with `hasFailed` nobody has it anew. */
  end(hasFailed: boolean): void;
}

/** Throws what the client throws. */
export async function leaseClient(cluster: Cluster, login: Login): Promise<Lease> {
  const key = JSON.stringify([cluster, login]);
  const shared = open.get(key) ?? { client: openCluster(cluster, login), users: 0 };
  open.set(key, shared);
  shared.users++;
  const forget = () => {
    if (open.get(key) === shared) open.delete(key);
  };
  const close = () => {
    if (shared.users > 0) return;
    forget();
    void shared.client.then((client) => client.shutdown()).catch(() => undefined);
  };
  try {
    const client = await shared.client;
    const end = (hasFailed: boolean) => {
      shared.users--;
      if (hasFailed) forget();
      if (open.get(key) === shared) setTimeout(close, idleMs);
      else close();
    };
    return { client, end };
  } catch (error) {
    shared.users--;
    forget();
    throw error;
  }
}
