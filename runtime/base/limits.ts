// The limits that several folders of the engine share or that users meet, each with its reason.

/** Most partitions of one dataset: each costs the driver about 1 KiB of bookkeeping a stage, so a million is a gigabyte. */
export const maxPartitions = 1_000_000;

/** Elements between two looks at the cancel flag in loops over arrays: about 0.1 ms of cheap closures. */
export const elementsPerTick = 8192;

/** The same in a task with a time limit, at most: one look at the clock is as dear as a cheap closure. */
export const timedTick = 16;

/** Milliseconds between two such looks from which on fewer elements pass. */
export const slowTickMs = 1;

/** Rows that a task collects before it encodes them: what it answers with grows by its bytes, not by its objects. */
export const collectedAtOnce = 65_536;

/** Elements that a pulled chunk (mapPartitions input, coalesced parents) holds at most: small enough to stay in the nursery. */
export const pullChunk = 1024;

/** Elements of one array of a cached block: larger arrays are copied when they grow. */
export const cacheChunk = 65_536;

/** Bytes read from a text file at a time: larger reads leave the processor's cache, smaller ones cost calls. */
export const textChunkBytes = 1 << 20;

/** Bytes that are copied from a pipe or another input that can be read only once: more comes from a writer without an end. */
export const maxCopiedInputBytes = 64 * 2 ** 30;

/** How long a pipe with a name may have no writer, in milliseconds: people start one by hand in another terminal. */
export const pipeWriterMs = 15_000;

/** Between two looks at a pipe that has nothing yet, in milliseconds. */
export const pipePollMs = 5;

/** A line longer than this is refused: V8 strings end at 512 MiB, and a lost line end must not eat the memory. */
export const maxLineBytes = 256 << 20;

/** Columns of a table, and fields of a row of CSV: a row with more has lost its line ends, and one object of each would fill the memory. */
export const maxTableColumns = 20_000;

/** Rows from which the types of columns are inferred, of at most so many bytes: some tens of milliseconds while a path is typed. */
export const sampledRows = 10_000;
export const sampledBytes = 8 << 20;

/** A file that is read whole, as text: one V8 string, which its task holds several times over. */
export const maxWholeTextBytes = 256 << 20;

/** Bytes of a text file that one partition reads by default: 10 tasks for 300 MiB on two cores, as Spark's local block size. */
export const textSplitBytes = 32 << 20;

/** Bytes of small files that one partition reads together: reading them takes several times as long as a task costs. */
export const smallFilesBytes = 4 << 20;

/** What opening a file costs, in bytes that could be read meanwhile. */
export const fileOpenBytes = 16 << 10;

/** Bytes of one frame of a kept or spilled partition, as estimated in the heap: a frame is decoded whole. */
export const frameBytes = 1 << 20;

/** Distinct keys that the map side combines before it passes its partial results on: about 60 MiB of short words. */
export const combineKeys = 1_000_000;

/** Rows of one encoded frame of a shuffle bucket: columns pay off from hundreds on, and a frame is decoded whole. */
export const shuffleFrameRows = 16_384;

/** Encoded bytes of buckets that a map task holds in memory before it spills them to its file. */
export const shuffleBufferBytes = 64 << 20;

/** Nesting of a value that the codec follows: deeper ones are cyclic in practice. */
export const maxValueDepth = 500;

/** Steps of a stage in one function: each may nest its loops in those of the one before, and V8 optimizes no function beyond 60 KiB. */
export const fusedSteps = 100;

/** Compiled loops that an executor keeps: each is about 20 KiB of code and feedback. */
export const compiledLoops = 256;

/** Characters of an element shown in an error. */
export const shownElement = 200;

/** Characters of the name of an error, and of an operation, that leave a task: a name is no text. */
export const maxErrorName = 1000;

/** Characters of the message and of the stack of an error that leave a task: more than anybody reads, and no burden to the driver. */
export const maxErrorText = 1 << 20;

/** Frames of an error that leave a task, the innermost ones: a recursion of thousands says no more. */
export const maxErrorFrames = 1000;

/** Characters of the path in a frame: the longest path of Linux. */
export const maxErrorPath = 4096;

/** Details of an error of ours that leave a task: the declared sentences have at most a few. */
export const maxErrorDetails = 32;

/** Characters of the reason why a fetch failed: a path and what the system says. */
export const maxFetchReason = 10_000;

/** Programs of ended jobs that stay on executors, so that the same line typed again costs nothing. */
export const keptPrograms = 200;

/** A plan below a persisted dataset of more datasets than this is sent apart from programs, once for all that read it. */
export const partDatasets = 20;

/** Bytes of bulky captures that stay for programs of ended jobs: a loop that captures new weights each round must not fill the memory. */
export const keptBulkBytes = 256 << 20;

/** Computations of one persisted partition that the driver remembers as counted: a report that comes late is of one of the last few. */
export const countedComputations = 16;

/** Ended jobs that `.jobs` still shows. */
export const keptJobs = 100;

/** Classes of rows that executors know: a session that makes a class for each job must not send them all each time. */
export const shippedClasses = 256;

/** Programs that an executor keeps decoded. */
export const decodedPrograms = 64;

/** Rows of one frame of an object file: columns pay off from hundreds on. */
export const objectFrameRows = 8192;

/** Bytes of one frame of an object file: it is read whole, and a damaged length must not eat the memory. */
export const maxObjectFrameBytes = 512 << 20;

/** Registers of a distinct count: 1 MiB of them give a relative error of 0.001. */
export const maxSketchBits = 20;

/** How long jobs wait without a running task before the user is warned, in milliseconds: executors start in a tenth of it. */
export const stuckAfterMs = 2000;

/** Between two looks of a task at a barrier for the others, in milliseconds: short beside what a stage takes, long beside a look. */
export const barrierPollMs = 2;

/** Bytes of a file that goes to executors by addFile: it is held in memory on both sides. */
export const maxAddedFileBytes = 1 << 30;

/** Bytes of a batch's blocks that are worth a task of their own: reading them takes about as long as the task itself costs. */
export const leastBlockBytes = 64 << 10;

/** Longest line of a stream, in bytes: longer ones are dropped and told. A text without line ends must not fill the memory. */
export const maxStreamLineBytes = 1 << 20;

/** Received bytes that no batch has finished, beyond which sources are not read: a few seconds at full speed. */
export const maxUnprocessedBytes = 256 << 20;

/** The body of a request of a webhook, which is held as a whole: most senders stay below a fifth of this. */
export const maxWebhookBytes = 1 << 20;

/** Datasets of one stage that are remembered to be drawn: a lineage of thousands is no picture, and costs each job a walk. */
export const shownDatasets = 60;

/** Characters of the user's text remembered with a job, a dataset or a failure: a pasted megabyte is no headline. */
export const rememberedText = 4000;

/** Datasets made between two jobs of an entry whose line is looked for in the stack, at about 6 µs each: no loop that makes ten thousand pays for more. */
export const soughtCalls = 1000;

/** Ended jobs whose stages are remembered for `.stages` and the pages: as many of entries, and as many of streams, whose jobs are many. */
export const rememberedJobs = 200;

/** Calls of an asynchronous function that wait at a time in one task, if the operator is not told: enough for most servers, and no flood. */
export const defaultConcurrency = 8;
/** The most that can be asked for: each call that waits holds its element. */
export const maxConcurrency = 10_000;
/** Milliseconds after which a task that waits for a promise looks whether it was cancelled. */
export const waitPollMs = 20;
/** Percent of the time for a sample of a shuffled dataset that are spent on the exact one before a part of the input is read. */
export const exactSamplePercent = 60;
/** Milliseconds for which the first round of such a sample reads each partition: rows are there early, and later rounds read longer. */
export const firstReadMs = 5;
/** Tasks of one stage that are remembered one by one; of more a fair sample, and the slowest and the failed. */
export const rememberedStageTasks = 1000;

/** Tasks of all stages that are remembered, at about 150 bytes each; beyond these the oldest jobs keep their totals only. */
export const rememberedTasks = 50_000;

/** Numbers of datasets, shuffles and shared variables that each session of a server has: no session names those of another by mistake. */
export const idsPerSession = 2 ** 32;
