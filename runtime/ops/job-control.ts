// What a context offers to group, label, prioritise, watch and cancel jobs, and to send files along with them.

import { checkOptions, refuseArgument } from '../base/arguments';
import { MillraceError } from '../base/errors';
import { checkOnePath, type UserPath } from '../base/paths';
import { showElement } from '../base/show-element';
import { Context } from '../context/context';
import { type JobRecord, propertyNames } from '../scheduler/job-record';
import type { Listener } from '../scheduler/listener-bus';
import { StatusTracker } from '../status/status-tracker';

declare module '../context/context' {
  interface Context {
    /**
     * Sets a property that jobs take along from now on: tasks read it by `TaskContext.get().getLocalProperty(key)`, listeners get it with
     * `onJobStart`; `spark.scheduler.pool` chooses the pool. `undefined` takes it away. Inside `withLocalProperties` it is set there only.
     * @example sc.setLocalProperty('spark.scheduler.pool', 'reports')
     */
    setLocalProperty(key: string, value: string | undefined): void;
    /**
     * A property that was set for the jobs of this flow of calls; undefined where there is none.
     * @example sc.getLocalProperty('no such property') === undefined
     */
    getLocalProperty(key: string): string | undefined;
    /**
     * Runs `f`, and the jobs that it starts, with local properties of its own; those around it stay as they are. What threads are for
     * in Spark: two flows of jobs at once, each in its group or pool.
     * @example await sc.withLocalProperties({ 'spark.scheduler.pool': 'fast' }, () => sc.range(10).count()) // 10
     */
    withLocalProperties<T>(properties: Readonly<Record<string, string>>, f: () => T): T;
    /**
     * Puts jobs into a group from now on, so that `cancelJobGroup` can stop them together; `.jobs` shows the description. Cancelling always
     * interrupts running tasks, so `interruptOnCancel`, which Spark asks for, changes nothing here.
     * @example sc.setJobGroup('reports', 'the reports of today'); sc.clearJobGroup()
     */
    setJobGroup(groupId: string, description?: string, interruptOnCancel?: boolean): void;
    /**
     * Jobs belong to no group from now on.
     * @example sc.clearJobGroup()
     */
    clearJobGroup(): void;
    /**
     * What the jobs from now on are for, for `.jobs` and listeners.
     * @example sc.setJobDescription('counts the words')
     */
    setJobDescription(description: string | undefined): void;
    /**
     * Stops every running job; their promises reject with JOB_CANCELLED.
     * @example sc.cancelAllJobs()
     */
    cancelAllJobs(reason?: string): void;
    /**
     * Stops a job by its number, as `.jobs` shows it; one that has ended stays as it is.
     * @example sc.cancelJob(1_000_000)
     */
    cancelJob(jobId: number, reason?: string): void;
    /**
     * Cancels the running jobs of a group; their promises reject with JOB_CANCELLED. Answers how many.
     * @example sc.cancelJobGroup('reports')
     */
    cancelJobGroup(groupId: string, reason?: string): number;
    /**
     * Adds a tag to jobs from now on. Throws BAD_ARGUMENT for an empty tag or one with a comma.
     * @example sc.addJobTag('nightly'); sc.removeJobTag('nightly')
     */
    addJobTag(tag: string): void;
    /**
     * Jobs that start from here on no longer have the tag.
     * @example sc.addJobTag('nightly'); sc.removeJobTag('nightly')
     */
    removeJobTag(tag: string): void;
    /**
     * The tags that jobs started from here have.
     * @example sc.getJobTags()
     */
    getJobTags(): Set<string>;
    /**
     * Jobs that start from here on have no tags.
     * @example sc.clearJobTags()
     */
    clearJobTags(): void;
    /**
     * Cancels the running jobs with a tag. Answers how many.
     * @example sc.cancelJobsWithTag('nightly')
     */
    cancelJobsWithTag(tag: string, reason?: string): number;
    /**
     * Has the methods of a listener called as jobs, stages, tasks and executors start and end. What it throws harms no job.
     * @example const ends = { jobEnded: () => console.log('a job has ended') }; sc.addListener(ends); sc.removeListener(ends)
     */
    addListener(listener: Listener): void;
    /**
     * The listener is told nothing more.
     * @example const quiet = {}; sc.addListener(quiet); sc.removeListener(quiet)
     */
    removeListener(listener: Listener): void;
    /**
     * What runs now.
     * @example sc.statusTracker.getActiveJobIds()
     */
    readonly statusTracker: StatusTracker;
    /**
     * Sends a file along with the jobs from now on; functions find it by `SparkFiles.get(name)`, where the name is the last part of the path.
     * The file is read now. Throws NO_SUCH_PATH, UNREADABLE_FILE, or BAD_ARGUMENT for another file of the same name.
     * @example const add = () => sc.addFile('stop-words.txt')
     */
    addFile(path: UserPath): void;
    /**
     * The names of the added files.
     * @example sc.listFiles() // []
     */
    listFiles(): string[];
  }
}

function checkText(operation: string, argument: string, value: unknown, rule = 'a text'): void {
  if (typeof value === 'string' && value !== '') return;
  throw new MillraceError('BAD_ARGUMENT', {
    operation,
    argument,
    value: value === '' ? 'empty' : showElement(value),
    rule,
    remedy: `Write ${operation}('name').`,
  });
}

function checkTag(operation: string, tag: unknown): void {
  const rule = 'a text without commas';
  checkText(operation, 'the tag', tag, rule);
  if (!(tag as string).includes(',')) return;
  const remedy = 'Add tags one by one.';
  throw new MillraceError('BAD_ARGUMENT', { operation, argument: 'the tag', value: showElement(tag), rule, remedy });
}

Context.prototype.setLocalProperty = function (key, value) {
  checkText('setLocalProperty', 'the key', key);
  if (value !== undefined && typeof value !== 'string')
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'setLocalProperty',
      argument: `the value of ${key}`,
      value: showElement(value),
      rule: 'a text, or undefined',
      remedy: 'Write String(value).',
    });
  this.control.set(key, value);
};

Context.prototype.getLocalProperty = function (key) {
  return this.control.get(key);
};

Context.prototype.withLocalProperties = function (properties, f) {
  const operation = 'withLocalProperties';
  checkOptions(operation, properties, `Write sc.${operation}({ 'spark.scheduler.pool': 'fast' }, () => …).`);
  if (typeof f !== 'function')
    refuseArgument({
      operation,
      argument: 'the function',
      value: f,
      rule: 'a function',
      remedy: `Write sc.${operation}({}, () => …).`,
    });
  return this.control.scoped(() => {
    for (const [key, value] of Object.entries(properties)) this.setLocalProperty(key, value);
    return f();
  });
};

Context.prototype.setJobGroup = function (groupId, description) {
  checkText('setJobGroup', 'the group', groupId);
  this.setLocalProperty(propertyNames.group, groupId);
  this.setLocalProperty(propertyNames.description, description);
};

Context.prototype.clearJobGroup = function () {
  this.setLocalProperty(propertyNames.group, undefined);
  this.setLocalProperty(propertyNames.description, undefined);
};

Context.prototype.setJobDescription = function (description) {
  this.setLocalProperty(propertyNames.description, description);
};

/** Cancels the running jobs that fit; answers how many. */
function cancelWhere({ engine }: Context, fits: (job: JobRecord) => boolean, reason: string): number {
  const jobs = engine.status.active().filter(fits);
  for (const { jobId } of jobs) engine.cancel(jobId, reason);
  return jobs.length;
}

Context.prototype.cancelAllJobs = function (reason = '') {
  cancelWhere(this, () => true, reason);
};

Context.prototype.cancelJob = function (jobId, reason = '') {
  this.engine.cancel(jobId, reason);
};

Context.prototype.cancelJobGroup = function (groupId, reason) {
  checkText('cancelJobGroup', 'the group', groupId);
  const of = (job: JobRecord) => job.group === groupId;
  return cancelWhere(this, of, reason ?? `: its group ${groupId} was cancelled`);
};

Context.prototype.addJobTag = function (tag) {
  checkTag('addJobTag', tag);
  this.setLocalProperty(propertyNames.tags, [...this.getJobTags().add(tag)].join());
};

Context.prototype.removeJobTag = function (tag) {
  checkTag('removeJobTag', tag);
  const tags = this.getJobTags();
  tags.delete(tag);
  this.setLocalProperty(propertyNames.tags, tags.size === 0 ? undefined : [...tags].join());
};

Context.prototype.getJobTags = function () {
  const tags = this.getLocalProperty(propertyNames.tags);
  return new Set(tags ? tags.split(',') : []);
};

Context.prototype.clearJobTags = function () {
  this.setLocalProperty(propertyNames.tags, undefined);
};

Context.prototype.cancelJobsWithTag = function (tag, reason) {
  checkTag('cancelJobsWithTag', tag);
  const of = (job: JobRecord) => job.tags.includes(tag);
  return cancelWhere(this, of, reason ?? `: jobs with the tag ${tag} were cancelled`);
};

Context.prototype.addListener = function (listener) {
  if (typeof listener !== 'object' || listener === null)
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'addListener',
      argument: 'the listener',
      value: showElement(listener),
      rule: 'an object with methods such as onJobEnd',
      remedy: 'Write sc.addListener({ onJobEnd: job => console.log(job) }).',
    });
  this.control.bus.add(listener);
};

Context.prototype.removeListener = function (listener) {
  this.control.bus.remove(listener);
};

const trackers = new WeakMap<Context, StatusTracker>();

Object.defineProperty(Context.prototype, 'statusTracker', {
  get(this: Context) {
    const tracker = trackers.get(this) ?? new StatusTracker(this.engine.status);
    trackers.set(this, tracker);
    return tracker;
  },
});

Context.prototype.addFile = function (path) {
  this.control.files.add(checkOnePath('addFile', 'the path', path, 'a text', 'name'));
};

Context.prototype.listFiles = function () {
  return this.control.files.names();
};
