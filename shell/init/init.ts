// `millrace init`: makes a folder one in which an editor knows the names of scripts. It changes no file that is there.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { diskError } from '../../runtime/base/files';
import { packageRoot } from '../base/package-root';
import { namesFile } from '../types/modules/project-config';
import { missingOptions } from './missing-options';
import { type Declarations, namesText, tsconfigText } from './project-files';

const configFile = 'tsconfig.json';

/** Writes the files into a folder, and answers what to tell the user. Throws where nothing can be written. */
export function initProject(folder: string): string[] {
  const declarations = declarationsFor(folder);
  const told = [write(folder, namesFile, namesText(declarations), 'it declares sc, stream, args and the other names of scripts')];
  const config = path.join(folder, configFile);
  const isNew = !existsSync(config);
  if (isNew) told.push(write(folder, configFile, tsconfigText(declarations), 'it has the options that scripts are checked with'));
  else told.push(...advice(config, declarations));
  if (declarations.kind === 'files')
    told.push(
      `The files name this installation of Millrace. To be free of it: npm install --save-dev millrace, ${again(isNew)}.`,
    );
  return told;
}

const again = (isNew: boolean) => `then remove ${isNew ? 'both files' : namesFile} and run millrace init again`;

function write(folder: string, name: string, text: string, what: string): string {
  try {
    writeFileSync(path.join(folder, name), text, { flag: 'wx' });
    return `${name} written: ${what}.`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return `${name} is there already, and stays as it is.`;
    return diskError(name, error);
  }
}

/** The package that imports of the folder find; else the declarations of this installation. */
function declarationsFor(folder: string): Declarations {
  try {
    createRequire(path.join(folder, 'x.js')).resolve('millrace/package.json');
    return { kind: 'package' };
  } catch {
    return { kind: 'files', folder: path.join(packageRoot(), 'dist', 'types') };
  }
}

/** What the folder's own tsconfig needs for scripts. */
function advice(config: string, declarations: Declarations): string[] {
  const { options, isIncluded } = missingOptions(config, declarations);
  const told: string[] = [];
  if (options.length > 0) {
    const lines = options.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
    told.push(`${configFile} is there already. For scripts, "compilerOptions" in it needs:`, ...lines);
    told.push('Or run millrace init in a folder of its own for scripts, if your project needs other values.');
  } else told.push(`${configFile} is there already, and its options fit scripts.`);
  if (!isIncluded) told.push(`Its "include" or "files" leaves ${namesFile} out: add "${namesFile}", and your scripts, to it.`);
  return told;
}
