// Commands about names that use older definitions of others.
import type { Command } from '../../contract/commands';

export const staleCommands: readonly Command[] = [
  {
    name: 'stale',
    argument: 'none',
    usage: '.stale',
    brief: 'list the names that use an older definition of a name that was declared again',
    help: 'What is declared again is new only for later entries: what was computed before keeps the older one. .rerun computes it again. Assignments (x = 5) are not followed.',
    run: async (host) => host.inSession('stale'),
  },
  {
    name: 'rerun',
    argument: 'choices',
    usage: '.rerun [NAME...]',
    brief: 'run the entries of stale names again, in their order: all, or those of some names',
    help: 'Each entry runs as if it were typed again, with all that it does, after the stale ones that it needs; its value keeps its resN. It stops at the first that fails. .stale lists the names with why.',
    examples: ['.rerun'],
    run: async (host, argument) => host.rerun(argument.split(/[\s,]+/).filter((name) => name !== '')),
  },
];
