// Terminates the script that the main thread is running, from another thread, even in an endless loop.
import inspector from 'node:inspector';

/**
 * Terminates the script that the main thread runs now, and resolves when it has ended. No `finally` block of it runs; the thread's event
 * loop goes on, and all its data stay. It costs nothing until it is used, unlike `breakOnSigint` of `vm` (0.1 ms per script), and it also
 * reaches scripts that continue after an await.
 */
export function terminateMainScript(): Promise<void> {
  const session = new inspector.Session();
  session.connectToMainThread();
  return new Promise((resolve, reject) => {
    session.post('Runtime.terminateExecution', (error) => {
      session.disconnect();
      if (error === null) resolve();
      else reject(error);
    });
  });
}
