// The file that an entry takes itself for: what `__filename`, `require` and `import.meta` mean in it.
import path from 'node:path';
import type { CompiledCell } from '../contract/type-service';

/** A loaded file itself; for what was typed, a name in the user's folder that no file has. */
export function homeOf({ label, folder }: Pick<CompiledCell, 'label' | 'folder'>): string {
  return path.resolve(folder, isTyped(label) ? '<input>' : path.basename(label));
}

/** Whether a label stands for no file: typed entries, standard input, `-e`. */
function isTyped(label: string): boolean {
  return label.startsWith('<');
}
