// Lets Ctrl-C reach the child processes that the user's code waits for: until they end, the code itself hears nothing.
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import type { InterruptGate } from './interrupt-gate';

type Call = (this: unknown, ...args: unknown[]) => unknown;

/** From now on `execSync`, `execFileSync` and `spawnSync` wait under the watch of the gate, for packages too. */
export function watchSyncChildren(gate: InterruptGate): void {
  for (const name of ['execSync', 'execFileSync', 'spawnSync'] as const) {
    const wait = childProcess[name] as Call;
    const watched = {
      [name](this: unknown, ...args: unknown[]): unknown {
        return gate.waitForChild(() => wait.apply(this, args));
      },
    };
    Object.assign(childProcess, watched);
  }
  syncBuiltinESMExports();
}
