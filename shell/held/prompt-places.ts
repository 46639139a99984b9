// Where the prompts of a user's servers are found: a socket and a card of each, in a folder that only the user can enter.
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runtimeFolder } from '../../cluster/serve/place';
import { makeFolders } from '../../runtime/base/files';
import { isAlive, ownerOf, processNamespace } from '../../runtime/base/process-owner';

/** What a prompt says of itself. */
export interface PromptCard {
  readonly name: string;
  readonly master: string;
  readonly pid: number;
  readonly namespace: string;
  readonly started: string;
  readonly isAttached: boolean;
  /** Since when it has been so, in milliseconds since the epoch. */
  readonly since: number;
}

/** Names are parts of paths. */
export const isPromptName = (name: string): boolean => /^[A-Za-z0-9][\w.-]{0,31}$/.test(name);

function folder(): string {
  const prompts = path.join(runtimeFolder(), 'prompts');
  makeFolders(prompts);
  return prompts;
}

export const socketOfPrompt = (name: string): string => path.join(folder(), `${name}.sock`);
const cardOf = (name: string): string => path.join(folder(), `${name}.json`);

/** The prompts that run; what dead ones left is removed. */
export function runningPrompts(): PromptCard[] {
  const names = readdirSync(folder()).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));
  return names.flatMap((name) => {
    const card = readCard(name);
    if (card && card.namespace === processNamespace() && isAlive(card.pid, card.started)) return [card];
    // By now another prompt may have the name.
    const now = readCard(name);
    if (now?.pid === card?.pid && now?.started === card?.started) forgetPrompt(name);
    return [];
  });
}

function readCard(name: string): PromptCard | undefined {
  try {
    return JSON.parse(readFileSync(cardOf(name), 'utf8')) as PromptCard;
  } catch {
    return undefined;
  }
}

export function writeCard(name: string, master: string, isAttached: boolean): void {
  // Whole at once: who reads half a card takes the prompt for dead.
  const own = path.join(folder(), `.card-${process.pid}`);
  writeFileSync(own, cardText(name, master, isAttached), { mode: 0o600 });
  renameSync(own, cardOf(name));
}

function cardText(name: string, master: string, isAttached: boolean): string {
  const card: PromptCard = { name, master, ...ownerOf(process.pid), isAttached, since: Date.now() };
  return JSON.stringify(card);
}

export function forgetPrompt(name: string): void {
  for (const file of [socketOfPrompt(name), cardOf(name)]) rmSync(file, { force: true });
}

/** A name that no prompt has: it is this process's until its prompt writes its own card, so that two which start at once get two names. */
export function claimPromptName(): string {
  const taken = new Set(runningPrompts().map(({ name }) => name));
  const own = path.join(folder(), `.claim-${process.pid}`);
  try {
    for (let n = 1; ; n++) {
      const name = String(n);
      if (taken.has(name)) continue;
      writeFileSync(own, cardText(name, 'a server, starting', true), { mode: 0o600 });
      try {
        // Whole at once, and refused where there is one.
        linkSync(own, cardOf(name));
        return name;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
}
