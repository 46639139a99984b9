// The limits and fixed addresses of the cluster that users meet or folders share, each with its reason.

/** The only interface on which a session listens: pages and receivers. Executors use a Unix socket. */
export const loopback = '127.0.0.1';

/** The only path that a driver accepts. */
export const executorPath = '/executor';

/** Executors of one session on one machine: each is a process of about 50 MiB. */
export const maxExecutors = 256;

/** Memory of a session process in MiB: its code, the scheduler's records and small results. The default heap of executors leaves it room. */
export const sessionMb = 256;

/** Memory of the type service in MiB, with the types of Node and of a few packages. */
export const typeServiceMb = 384;

/** Memory of an executor in MiB outside of its heap. */
export const executorBaseMb = 64;

/** The smallest heap of an executor in MiB. */
export const leastExecutorMb = 64;

/** Between two heartbeats, each way. A stopped executor is found at its first missed heartbeat: within two of these. */
export const heartbeatMs = 500;

/** After this silence an executor counts as lost even if its process is not stopped but only starved of processor time. */
export const starvedMs = 10_000;

/**
 * After this silence of the driver its executors end. Long, because a driver that is suspended (Ctrl-Z) or that runs the user's loop is
 * alive. Executors notice a dead driver at once, by its closed sockets.
 */
export const driverSilenceMs = 600_000;

/** From the connection to the last message of the handshake. */
export const handshakeMs = 2000;

/** Bytes that a peer may send before it has authenticated: two short messages and the upgrade request. */
export const handshakeBytes = 8192;

/** Connections that have not authenticated, in addition to those of executors that start; the oldest is dropped for a newer one. */
export const strangers = 16;

/** Bytes of the path of a Unix socket: 104 on BSD and macOS with the zero at its end, 108 on Linux. */
export const socketPathBytes = 103;

/** One frame from the driver: the largest broadcast. The limit of `ws` is a 32-bit integer. */
export const maxToExecutorBytes = 0x7fffffff;

/** A blob that is sent to an executor: the largest frame, less room for its control text. */
export const maxBlobBytes = maxToExecutorBytes - 65_536;

/** Blobs that one task needs, such as broadcasts that its functions capture: their names go with each task. */
export const maxTaskBlobs = 100_000;

/** What a task sends at its end: its result (`maxResultBytes`, 1 GiB) and its updates of accumulators. */
export const maxEndBytes = (1 << 30) + (63 << 20);

/** One frame from an executor: the end of a task with its control text. */
export const maxToDriverBytes = (1 << 30) + (128 << 20);

/** Bytes that may wait to be sent to one executor; with more, it counts as dead. */
export const maxBufferedBytes = 4 * 2 ** 30;

/** From the spawn of an executor until it joins; a starved machine needs seconds. */
export const joinMs = 20_000;

/** Executors in a row whose program ends by itself before it joins; after these, jobs fail. Starting goes on, more slowly. */
export const startAttempts = 5;

/** The wait before the second start in a row; it doubles up to `maxBackoffMs`. */
export const backoffMs = 50;
export const maxBackoffMs = 1000;

/** The longest wait between two starts of a program that cannot run here, until somebody mends it. */
export const slowBackoffMs = 10_000;

/** Deaths per slot within `deathWindowMs` whose replacement starts without a wait: a chaos test, not a broken machine. */
export const freeDeaths = 4;
export const deathWindowMs = 5000;

/** From the cancel until an await of the task is abandoned; until then the task may notice its flag and end by itself. */
export const cancelGraceMs = 100;

/** From the cancel until the running script is terminated; an await has been abandoned by then. */
export const terminateMs = 150;

/** From the cancel until the whole executor is killed: it is stuck in a call that is not JavaScript. */
export const cancelKillMs = 1000;

/** Descriptors that an executor must have left after a task failed, or it is replaced: a shuffle, a spill and a command need a few. */
export const spareDescriptors = 16;

/** Between two progress reports of a running task. */
export const progressMs = 200;

/** Lines per second and stream that one executor may print; the rest is dropped and counted. */
export const outputLinesPerSecond = 1000;

/** The longest line that an executor may print, in characters. */
export const outputLineLength = 16_384;

/** The last lines of an executor's stderr that are remembered for the reason of its loss. */
export const lastWords = 20;

/** How long to wait for the remaining output of an executor that has exited. */
export const drainMs = 50;

/** Output of the command of a `pipe` that waits to be read, in bytes: beyond it the command waits. */
export const commandAheadBytes = 1 << 20;

/** Characters of a failed command's stderr that its error shows. */
export const commandErrorShown = 1000;

/** Bytes that the command of a `pipe` may write to stderr before it is killed: more is data on the wrong channel. */
export const commandErrorBytes = 16 << 20;

/** Connections of a listening receiver: each may hold an incomplete line in memory. */
export const maxReceiverConnections = 256;

/** The longest message of a WebSocket that is held, to be cut into lines: a connection that sends a longer one is dropped. */
export const clientMessageBytes = 64 << 20;

/** The same of a listening receiver, which holds one for each client. */
export const listenerMessageBytes = 8 << 20;

/** Files that a stream follows at once: each is open. */
export const maxTailedFiles = 1000;

/** Between two looks at followed files, in milliseconds. */
export const tailPollMs = 100;

/** The same at what a pattern matches, which reads folders. */
export const tailPatternMs = 1000;

/** A file without its name counts as ended when nothing was written to it for so long, in milliseconds: its writer may still have it open. */
export const tailQuietMs = 5000;

/** How long a followed file that is not there after a restart may come back and go on where it was read, in milliseconds: a week. */
export const tailMissingMs = 7 * 24 * 3_600_000;

/** From the first byte of a request of a webhook to the last. */
export const webhookRequestMs = 30_000;

/** Bytes of bodies that arrive at the same time at one webhook: each is held until it is whole. */
export const webhookArrivingBytes = 128 << 20;

/** From the end of a request until its elements must be stored: a block takes some hundred milliseconds. */
export const webhookAnswerMs = 30_000;

/** From the request to stop a receiver until its process is killed: the user's `onStop` may have connections to close. */
export const receiverStopMs = 2000;

/** The same for a graceful stop, which first hands over what was read: a starved machine needs seconds. */
export const receiverDrainMs = 15_000;

/** Bytes of the head of a request to the pages: a cookie and what browsers send, below 2 KiB. */
export const pageRequestBytes = 8192;

/** From the first byte of a request to the last byte of its head. */
export const pageRequestMs = 5000;

/** Connections to the pages from browsers that are logged in: each opens six, and one more for each open page. */
export const pageConnections = 64;

/**
 * Connections to the pages that have not shown a link or a cookie yet; the oldest is dropped for a newer one. A browser shows its cookie
 * within milliseconds, in which a flood opens fewer than these.
 */
export const pageStrangers = 128;

/** Pages that receive live changes at the same time. */
export const livePages = 16;

/** One message from a page: the view that it wants. */
export const pageMessageBytes = 256;

/** Messages per second from a page: a person changes the view less often. A page that sends more is disconnected. */
export const pageMessagesPerSecond = 20;

/** Between two states sent to a page. */
export const pageUpdateMs = 250;

/** A page that has not read its last state for this long is disconnected; it reconnects by itself when it can. */
export const pageSilenceMs = 30_000;

/** Links and logins of the pages that are valid at the same time; older ones become void. */
export const pageLinks = 16;

/** The only path that a server of `millrace serve` accepts. */
export const sessionPath = '/session';

/** Sessions that are attached to one server at the same time: each holds a connection and its records. */
export const maxSessions = 256;

/** Sessions of one name that have a pool of their own with the weight of that name; more of them share one. */
export const sessionsPerPoolName = 32;

/** Jobs of one session that run at the same time on a server, unless `--conf sessionJobs` says otherwise. */
export const maxSessionJobs = 10_000;

/** Questions of one session that wait for an answer: a publication that is being written holds back those after it. */
export const maxWaitingQuestions = 10_000;

/** Bytes of the plans of one session's datasets, unless `--conf sessionPlanBytes` says otherwise: a plan has about 1 KiB. */
export const maxSessionPlanBytes = 2 ** 30;

/** Bytes of persisted rows that one session has published, unless `--conf sessionPublishedBytes` says otherwise. */
export const maxSessionPublishedBytes = 64 * 2 ** 30;

/** Bytes of functions, values and files of one session in the memory of its server, unless `--conf sessionValueBytes` says otherwise. */
export const maxSessionBytes = 8 * 2 ** 30;

/** Datasets that are published at the same time: each keeps its lineage. */
export const maxPublished = 1000;

/** The name of a published dataset, in characters. */
export const maxPublishedName = 128;

/** The type, description and owner of a published dataset, in characters. */
export const maxPublishedText = 64 << 10;

/** Between two reports of running jobs to their session: the progress line is painted about as often. */
export const sessionStateMs = 100;

/** From the connection until a server has said which session this is: a starved machine needs seconds. */
export const attachMs = 10_000;

/** How long a server waits for a session whose connection is lost, unless --grace says otherwise: a network that changes needs seconds. */
export const defaultGraceMs = 60_000;

/** Between two looks whether the process of a session whose connection is lost still lives. */
export const graceCheckMs = 100;

/** The wait before the second try to connect again; it doubles up to `longestResumeMs`. */
export const firstResumeMs = 50;
export const longestResumeMs = 1000;

/** Bytes of answers that wait for a session, unless `--conf sessionUnreadBytes` says otherwise: twice the largest answer of a job. */
export const maxUnreadBytes = 2 * 2 ** 30;

/** What was read is reported after so many bytes, or so long after the first of them: the other side holds it until then. */
export const readReportBytes = 1 << 20;
export const readReportMs = 100;

/** Streams that are published at the same time: each is a list of batches, which all sessions know. */
export const maxWindows = 200;

/** How much longer than its window a batch is held, at least: a session that has not heard of the next one yet may begin to read it. */
export const windowLagMs = 5000;

/** Files of the log of a server, the present one included, and the size of each unless --log-size says otherwise. */
export const logFiles = 5;
export const defaultLogMb = 64;

/** Connections to /metrics and /health: a collector opens one or two. */
export const watchConnections = 16;

/** The wait before a script of a server that failed starts again; it doubles, unless the script ran for `steadyRunMs`. */
export const firstRestartMs = 500;
export const longestRestartMs = 30_000;
export const steadyRunMs = 60_000;

/** From the request to end a script of a server until it is killed: its streams finish a batch and save. */
export const residentStopMs = 10_000;
