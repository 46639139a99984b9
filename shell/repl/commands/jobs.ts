// Commands about what runs and what is kept: jobs, stages, executors, datasets.
import type { Command } from '../../contract/commands';

export const jobCommands: readonly Command[] = [
  {
    name: 'jobs',
    argument: 'none',
    usage: '.jobs',
    brief: 'list the jobs of this session and what runs in the background',
    help: 'Each job with its state, its time, its records, and the entry or the line of the script that started it; running ones with their tasks.',
    run: async (host) => host.inSession('jobs'),
  },
  {
    name: 'stages',
    argument: 'choice',
    usage: '.stages [JOB]',
    brief: 'show the stages of a job, the last one unless told: tasks, rows, bytes, skew',
    help: 'Of the times of its tasks the least, the median and the most; what it read and shuffled. A stage whose slowest task took 5 times its median, and half a second, is marked.',
    run: async (host, argument) => host.inSession('stages', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'executors',
    argument: 'none',
    usage: '.executors',
    brief: 'list the executors that are there',
    help: 'Each with its host and how many of its slots are busy.',
    run: async (host) => host.inSession('executors'),
  },
  {
    name: 'datasets',
    argument: 'none',
    usage: '.datasets',
    brief: 'list the datasets that are kept: level, partitions, size, where',
    help: 'Those that cache or persist was called on, with the names they have here. unpersist() frees one.',
    run: async (host) => host.inSession('datasets'),
  },
  {
    name: 'cancel',
    argument: 'choice',
    usage: '.cancel [ID]',
    brief: 'cancel a job by its number, an entry in the background (b1), or all that run',
    help: 'The numbers are those of .jobs. For jobs that run behind the prompt; Ctrl-C cancels the one that it waits for.',
    run: async (host, argument) => host.inSession('cancel', { words: argument === '' ? [] : [argument] }),
  },
];
