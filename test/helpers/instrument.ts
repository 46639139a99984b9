// Preloaded by the test runner: instruments test files as a user's modules are, so that their closures travel the same way.
import path from 'node:path';
import { travelsAs } from '../../runtime/base/markers';
import { instrument } from '../../runtime/closure';
import { registerModule } from '../../runtime/closure/ship-modules';
import { onSpark } from './master';
import './uvu-errors';

type Compile = (this: unknown, code: string, file: string) => unknown;
type Extension = (module: { _compile: Compile }, file: string) => void;

const testFolder = path.dirname(__dirname) + path.sep;
const inlineMap = /\n?\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)\s*$/;
const extensions = require.extensions as unknown as Record<string, Extension>;
const tsNode = extensions['.ts'];

extensions['.ts'] = (module, file) => {
  if (file.startsWith(testFolder)) {
    const compile = module._compile;
    // ts-node hands its JavaScript to what `_compile` is now.
    module._compile = function (code, name) {
      const found = inlineMap.exec(code);
      const js = found ? code.slice(0, found.index) : code;
      const map = found ? Buffer.from(found[1], 'base64').toString('utf8') : undefined;
      // Executors load what closures import from here.
      registerModule(name, js);
      const params = ['exports', 'require', 'module', '__filename', '__dirname'];
      return compile.call(this, instrument(js, name, { params, map }).code, name);
    };
  }
  tsNode(module, file);
};

// Workers have the bundle, not our modules: in closures the public API is that of the worker, where the running task is known.
if (onSpark)
  Object.defineProperty(require('../../runtime/index'), travelsAs, { value: () => ({ kind: 'engine', id: 'millrace' }) });
