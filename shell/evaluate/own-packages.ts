// Makes `require('millrace')` in the user's modules return the API of their session, whatever version is installed beside them.
import Module from 'node:module';

type Load = (request: string, parent: unknown, isMain: boolean) => unknown;

/** `require` of these names returns these modules, in all modules of this process. */
export function givePackages(packages: Readonly<Record<string, unknown>>): void {
  const loader = Module as unknown as { _load: Load };
  const load = loader._load;
  loader._load = function (this: unknown, request, ...rest) {
    return Object.hasOwn(packages, request) ? packages[request] : load.call(this, request, ...rest);
  };
}
