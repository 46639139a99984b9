// Checks the user's own modules that an entry or a script imports, as their project does; packages are not checked.
import path from 'node:path';
import ts from 'typescript';
import type { Diagnostic, ModuleErrors } from '../../contract/type-service';
import { cleanTypeText } from '../entry-names';
import { apiFolder, entryFile, Host, type HostOptions } from '../language-host';
import { configOf, readProject } from './project-config';

/** A package without declarations is `any`. */
const untyped = 7016;
const notFound = 2307;
/** What bundlers import besides code. */
const asset = /['"][^'"]*\.(?!(?:[cm]?[jt]sx?|json)['"])\w+['"]/;

interface Project {
  readonly service: ts.LanguageService;
  readonly host: Host;
  readonly ambient: readonly string[];
}

export class UserModules {
  readonly #options: HostOptions;
  readonly #parsed: ts.DocumentRegistry;
  /** By the path of their tsconfig; '' stands for modules without one. */
  readonly #projects = new Map<string, Project>();
  /** The modules that were checked last, with their versions. */
  #checked = '';
  #errors: readonly ModuleErrors[] = [];

  constructor(options: HostOptions, parsed: ts.DocumentRegistry) {
    this.#options = options;
    this.#parsed = parsed;
  }

  /** The errors of the modules of a program, and whether a module has changed since the last call. */
  check(program: ts.Program): { errors: readonly ModuleErrors[]; isNew: boolean } {
    const files = program.getSourceFiles().filter((file) => this.#isUsers(file));
    const state = files.map((file) => `${file.fileName}:${(file as { version?: string }).version}`).join('\n');
    const isNew = state !== this.#checked;
    if (isNew) {
      const byConfig = new Map<string, string[]>();
      for (const { fileName } of files) {
        const config = configOf(fileName) ?? '';
        byConfig.set(config, [...(byConfig.get(config) ?? []), fileName]);
      }
      this.#errors = [...byConfig].flatMap(([config, own]) => this.#checkFiles(config, own));
      this.#checked = state;
    }
    return { errors: this.#errors, isNew };
  }

  #isUsers({ fileName, isDeclarationFile }: ts.SourceFile): boolean {
    if (isDeclarationFile || entryFile.test(fileName) || !/\.[cm]?tsx?$/.test(fileName)) return false;
    return !fileName.startsWith(apiFolder) && !fileName.includes('/node_modules/');
  }

  #checkFiles(config: string, files: readonly string[]): ModuleErrors[] {
    const { service, host, ambient } = this.#project(config, files[0]);
    host.setRoots([...files, ...ambient]);
    const program = service.getProgram();
    return files.flatMap((name) => {
      const file = program?.getSourceFile(name);
      if (!program || !file) return [];
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      const diagnostics = found.filter(isError).map(toDiagnostic);
      return diagnostics.length === 0 ? [] : [{ file: name, text: file.text, diagnostics }];
    });
  }

  #project(config: string, file: string): Project {
    const known = this.#projects.get(config);
    if (known) return known;
    const read = config === '' ? undefined : readProject(config, file, this.#options.typeRoot);
    const host = new Host(this.#options, read && { ...read.options, configFilePath: path.resolve(config) });
    const project = { host, service: ts.createLanguageService(host, this.#parsed), ambient: read?.ambient ?? [] };
    this.#projects.set(config, project);
    return project;
  }
}

function isError({ category, code, messageText }: ts.Diagnostic): boolean {
  if (category !== ts.DiagnosticCategory.Error || code === untyped) return false;
  return code !== notFound || !asset.test(ts.flattenDiagnosticMessageText(messageText, ' '));
}

function toDiagnostic({ code, start = 0, length = 0, messageText }: ts.Diagnostic): Diagnostic {
  return { message: cleanTypeText(ts.flattenDiagnosticMessageText(messageText, '\n')), code, start, length };
}
