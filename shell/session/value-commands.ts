// The commands that run in the session, by name, and the text that each returns.
import * as api from '../../runtime';
import type { StatusStore } from '../../runtime/status/status-store';
import type { Choice, Screen } from '../contract/screen';
import { drawPlot } from '../print/plot';
import { cut, escapeLines } from '../print/safe-text';
import type { Backgrounds } from './background-entries';
import { datasetOf } from './dataset-of';
import { exportRows } from './export';
import {
  cancelChoices,
  cancelJobs,
  datasetsText,
  executorsText,
  jobsText,
  publishedLines,
  publishedStreamLines,
  sessionsText,
  stageChoices,
  stagesText,
} from './job-texts';
import type { CommandInput, LocalSession, SessionCommand, Shown } from './session-local';
import { pageText, showText } from './show-text';
import type { StaleCommands } from './stale-commands';
import type { ShellStreams } from './stream-commands';
import { saveChart, svgOfChart } from './tables/chart-file';
import { chosenColumns, type PlotColumns } from './tables/plot-columns';
import { plotData } from './tables/plot-data';
import { schemaText } from './tables/table-schema';
import type { ShellPages } from './ui-server';

export interface SessionParts {
  readonly sc: api.Context;
  readonly streams: ShellStreams;
  readonly status: StatusStore;
  readonly backgrounds: Backgrounds;
  readonly pages: ShellPages;
  readonly stale: StaleCommands;
  /** What the session has of the machine, for `.executors`. */
  readonly resources: string;
  readonly local: () => LocalSession;
}

/** Lists are cut at the edge of a terminal, but not in a file. */
const edge = ({ live, columns }: Screen): number | undefined => (live ? columns : undefined);

export function sessionCommands({
  sc,
  streams,
  status,
  backgrounds,
  pages,
  stale,
  resources,
  local,
}: SessionParts): Record<string, SessionCommand> {
  const needsValue = (name: string, command: SessionCommand) => (input: CommandInput) => {
    if (!input.cell?.result) throw withoutValue(name);
    return command(input);
  };
  // A stream is described; its rows are not read.
  const described = ({ value, screen }: CommandInput) => {
    const description = streams.describe(value, screen);
    return description === 'nothing' ? undefined : description;
  };
  return {
    explain: async ({ value }) => {
      await datasetOf(value)?.knowPartitions();
      return explained(value);
    },
    show: needsValue('show', (input) => showText(input, described(input))),
    page: needsValue('page', async (input) => ({ page: await pageText(input, described(input)) })),
    plot: needsValue('plot', plotted),
    export: needsValue('export', exportRows),
    schema: needsValue('schema', schemaText),
    folder: () => ({ page: process.cwd() }),
    path: ({ value, words }) => ({ page: pathText(value, words[0]) }),
    errors: ({ words, screen }) => local().lastError.text(words[0] === 'full', screen),
    jobs: ({ screen }) => jobsText(sc, backgrounds, edge(screen)),
    stages: ({ words, screen }) => stagesText(status, sc.clock.now(), words[0], edge(screen)),
    executors: () => executorsText(sc, resources),
    datasets: async ({ screen }) => {
      const own = datasetsText(sc, status, (value) => local().namesOf(value), edge(screen));
      return [own, ...(await publishedLines(sc, edge(screen))), ...publishedStreamLines(sc, edge(screen))].join('\n');
    },
    sessions: () => sessionsText(sc),
    stale: ({ words }) => (words[0] === 'notice' ? stale.notice() : stale.text()),
    rerun: ({ words }) => stale.rerun(words),
    cancel: ({ words }) => cancelJobs(sc, backgrounds, words[0]),
    streams: ({ screen }) => streams.text(screen.columns),
    ui: ({ words, screen }) => pages.command(words[0], screen),
    stop: ({ words }) => streams.stop(words[0]),
    // A script waits for this at its end.
    settle: async () => {
      await backgrounds.idle();
      await streams.leave();
      return '';
    },
  };
}

/** Completions for the commands that take the name or id of something running. */
export function sessionChoices({
  sc,
  streams,
  status,
  backgrounds,
  stale,
}: SessionParts): Record<string, () => readonly Choice[]> {
  return {
    stop: () => streams.choices(),
    cancel: () => cancelChoices(sc, backgrounds),
    stages: () => stageChoices(status),
    rerun: () => stale.choices(),
  };
}

function withoutValue(name: string): api.MillraceError {
  return new api.MillraceError('BAD_ARGUMENT', {
    operation: `.${name}`,
    argument: 'its argument',
    value: 'an entry without a value',
    rule: 'an expression',
    remedy: `For example: .${name} sc.range(10)`,
  });
}

function explained(value: unknown): string {
  const dataset = datasetOf(value);
  if (dataset) return escapeLines(dataset.explain());
  if (value instanceof api.DStream) return escapeLines(value.toDebugString());
  throw new api.MillraceError('BAD_ARGUMENT', {
    operation: '.explain',
    argument: 'its value',
    value: value === null ? 'null' : typeof value,
    rule: 'a dataset or a stream',
    remedy: 'Leave out the action: .explain counts, not .explain counts.collect()',
  });
}

/** The value of an expression that stands for a path. */
function pathText(value: unknown, operation: string): string {
  if (typeof value === 'string') return value;
  const shown = value === null ? 'null' : typeof value;
  const remedy = `Write the path, or an expression that gives one: ${operation} counts (folder + '/counts.csv')`;
  throw new api.MillraceError('BAD_ARGUMENT', { operation, argument: 'the file', value: shown, rule: 'a text', remedy });
}

async function plotted({ value, words, screen }: CommandInput): Promise<string | Shown> {
  const [scatter, log = '', named = '{}', file = '', shown = '', force = ''] = words;
  const axes = log === '' ? undefined : { x: log.includes('x'), y: log.includes('y') };
  const columns = JSON.parse(named) as PlotColumns;
  const { plot, title } = await plotData(await chosenColumns(value, columns), { scatter: scatter !== '', log: axes });
  if (file !== '') return saveChart({ plot, title, columns }, file, shown, force === 'force');
  const text = [cut(title, screen.columns), ...drawPlot(plot, screen.columns)].join('\n');
  return screen.rich ? { text, svg: svgOfChart({ plot, title, columns }) } : text;
}
