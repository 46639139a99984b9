// Mistakes made by hand in connectors and in what fetches files, and the tests that are to catch them.
import type { Mutation } from './mutation';

export const onConnectors: readonly Mutation[] = [
  {
    mistake: 'a part of another text under the same name is taken for the file',
    file: 'cluster/files/store.ts',
    find: 'if (total !== undefined && total !== size) changed(url, `it had ${size} bytes, and has ${total}`);',
    replace: '',
    tests: ['cluster/files/stores'],
  },
  {
    mistake: 'what stands behind the question mark of a URL is shown',
    file: 'runtime/base/remote/remote-files.ts',
    find: ".replace(/^(https?:[^?#]*)[?#].*$/is, '$1?…')",
    replace: '',
    tests: ['cluster/files/http-files'],
  },
  {
    mistake: 'a server that is busy is not asked again',
    file: 'cluster/files/request.ts',
    find: 'const mostTries = 5;',
    replace: 'const mostTries = 1;',
    tests: ['cluster/files/stores'],
  },
  {
    mistake: 'a sink that has a job already gets it again',
    file: 'runtime/ops/connect/save-to.ts',
    find: 'if (await sink.isCommitted?.(job)) return;',
    replace: '',
    tests: ['runtime/connect/sources'],
  },
  {
    mistake: 'a restart begins a direct stream anew',
    file: 'runtime/streaming/sources/direct-streams.ts',
    find: 'this.#next = { at: this.#positionIn(at) };',
    replace: '{}',
    tests: ['streaming/direct-streams'],
  },
  {
    mistake: 'the last part of a source is dealt to no partition',
    file: 'runtime/connect/source-rdd.ts',
    find: 'for (const part of parts) {',
    replace: 'for (const part of parts.slice(0, -1)) {',
    tests: ['runtime/connect/sources'],
  },
];
