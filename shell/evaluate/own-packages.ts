// What `millrace` is to the user's own modules: the API of the session that loads them, whatever is installed beside them.
import Module from 'node:module';

type Load = (request: string, parent: unknown, isMain: boolean) => unknown;

/** Has `require` answer these names with these modules, in all modules of this process. */
export function givePackages(packages: Readonly<Record<string, unknown>>): void {
  const loader = Module as unknown as { _load: Load };
  const load = loader._load;
  loader._load = function (this: unknown, request, ...rest) {
    return Object.hasOwn(packages, request) ? packages[request] : load.call(this, request, ...rest);
  };
}
