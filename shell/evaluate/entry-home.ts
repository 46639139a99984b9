// The file that an entry takes itself for: what `__filename`, `require` and `import.meta` mean in it.
import Module from 'node:module';
import path from 'node:path';
import type { CompiledCell } from '../contract/type-service';

/** A loaded file itself; for what was typed, a name in the user's folder that no file has. */
export function homeOf({ label, folder }: Pick<CompiledCell, 'label' | 'folder'>): string {
  return path.resolve(folder, isTyped(label) ? '<input>' : path.basename(label));
}

const modules = new Map<string, NodeJS.Module>();

/** What `module` is in the entries of a home, and `require.main` too: CommonJS that is typed or pasted assigns its `exports`. */
export function moduleOf(home: string): NodeJS.Module {
  let module = modules.get(home);
  if (!module) {
    module = Object.assign(new Module(home), { filename: home });
    modules.set(home, module);
  }
  return module;
}

/** Whether a label stands for no file: typed entries, standard input, `-e`. */
function isTyped(label: string): boolean {
  return label.startsWith('<');
}
