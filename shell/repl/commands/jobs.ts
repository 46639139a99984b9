// Commands about what runs and what is persisted: jobs, stages, executors, datasets.
import type { Command } from '../../contract/commands';

export const jobCommands: readonly Command[] = [
  {
    name: 'jobs',
    argument: 'none',
    usage: '.jobs',
    brief: 'list the jobs of this session and the entries in the background',
    help: 'Shows the state, time and records of each job, and the entry or script line that started it. A running job shows its tasks.',
    run: async (host) => host.inSession('jobs'),
  },
  {
    name: 'stages',
    argument: 'choice',
    usage: '.stages [JOB]',
    brief: 'show the stages of a job (by default the last one): tasks, rows, bytes, skew',
    help: 'Shows the shortest, median and longest task time of each stage, and what it read and shuffled. A stage is marked as skewed if its slowest task took 5 times the median and at least half a second.',
    examples: ['.stages', '.stages 0'],
    run: async (host, argument) => host.inSession('stages', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'executors',
    argument: 'none',
    usage: '.executors',
    brief: 'list the running executors, and what the session has of the machine',
    help: 'Shows the host of each executor and how many of its slots are busy.',
    run: async (host) => host.inSession('executors'),
  },
  {
    name: 'datasets',
    argument: 'none',
    usage: '.datasets',
    brief: 'list the persisted datasets: level, partitions, size, where; and the published ones',
    help: 'Shows every dataset on which cache() or persist() was called, with its names here. unpersist() frees one. On a server it also shows the datasets that sessions have published: type, owner, size, who uses them.',
    run: async (host) => host.inSession('datasets'),
  },
  {
    name: 'sessions',
    argument: 'none',
    usage: '.sessions',
    brief: 'list the sessions of the server that this one is attached to',
    help: 'Shows the process of each session, its jobs, and what the server holds for it. A session attaches with millrace --master serve.',
    run: async (host) => host.inSession('sessions'),
  },
  {
    name: 'detach',
    argument: 'none',
    usage: '.detach',
    brief: 'leave this prompt of a server without its terminal; millrace attach takes it up again',
    help: 'Names, jobs, streams and panes go on. millrace attach NAME, at any terminal of this machine, shows the prompt as it is then; millrace attach --list shows all. A terminal that is closed detaches too.',
    run: async (host) => {
      if (host.front.detach()) return 'ok';
      host.front.print(
        'error: Only a prompt of a server outlives its terminal.\nStart millrace serve, and this prompt with --master serve.\n',
        'err',
      );
      return 'failed';
    },
  },
  {
    name: 'cancel',
    argument: 'choice',
    usage: '.cancel [ID]',
    brief: 'cancel a job by its number, a background entry (b1), or everything that runs (all)',
    help: '.jobs shows the numbers. Use it for jobs in the background; Ctrl-C cancels the job that the prompt waits for.',
    examples: ['.cancel', '.cancel all'],
    run: async (host, argument) => host.inSession('cancel', { words: argument === '' ? [] : [argument] }),
  },
];
