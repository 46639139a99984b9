// `millrace attach [NAME]`: this terminal in front of a prompt that has none, or that is taken from another one.
import net from 'node:net';
import { Command } from 'commander';
import { runCommand } from '../base/run-command';
import { stand } from './front';
import { isPromptName, type PromptCard, runningPrompts, socketOfPrompt } from './prompt-places';

const command = (): Command =>
  new Command('millrace attach')
    .description('Takes up a prompt of a server that was left by .detach, or whose terminal is gone.')
    .argument('[name]', 'its name, where there are several')
    .option('--list', 'show all prompts', false);

/** Runs the command; answers the exit status. */
export function attachCommand(args: readonly string[]): Promise<number> {
  return runCommand<{ readonly list: boolean }>(command(), args, async ({ list }, [given]) => {
    const prompts = runningPrompts();
    if (list) {
      process.stdout.write(listText(prompts));
      return 0;
    }
    const name = given ?? onlyOne(prompts);
    if (name === undefined) fail('There are several prompts: name one.', listText(prompts));
    if (prompts.length === 0) fail('No prompt of a server runs.', 'Start one: millrace --master serve');
    if (!isPromptName(name) || !prompts.some((one) => one.name === name)) fail(`No prompt is called ${name}.`, listText(prompts));
    if (!process.stdin.isTTY || !process.stdout.isTTY) fail('millrace attach needs a terminal.', 'Run it in one.');
    const socket = net.connect(socketOfPrompt(name));
    await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', resolve);
    }).catch((error) => fail(`The prompt ${name} does not answer: ${error.message}`, 'See millrace attach --list.'));
    stand(socket);
    return 0;
  });
}

const fail = (message: string, remedy: string): never => {
  throw Object.assign(new Error(message), { remedy: remedy.trimEnd() });
};

/** The one that is detached, or the only one. */
function onlyOne(prompts: readonly PromptCard[]): string | undefined {
  const detached = prompts.filter(({ isAttached }) => !isAttached);
  const meant = detached.length === 1 ? detached : prompts;
  return meant.length === 1 ? meant[0].name : meant.length === 0 ? '' : undefined;
}

function listText(prompts: readonly PromptCard[]): string {
  if (prompts.length === 0) return 'no prompt of a server runs\n';
  const line = ({ name, master, pid, isAttached }: PromptCard) =>
    `${name}  ${isAttached ? 'at a terminal' : 'detached'}, ${master}, process ${pid}\n`;
  return prompts.map(line).join('');
}
