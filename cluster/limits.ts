// Every hard number and fixed address of the cluster, with its reason.

/** The only interface that anything of a session listens on. */
export const loopback = '127.0.0.1';

/** The only path that a driver accepts. */
export const executorPath = '/executor';

/** Executors of one session on one machine: each is a process of about 50 MiB. */
export const maxExecutors = 256;

/** Between two signs of life, each way. A stopped executor is found at the first beat that it missed: within two of these. */
export const heartbeatMs = 500;

/** A silence after which an executor that is not stopped, only starved of processor time, is given up too. */
export const starvedMs = 10_000;

/**
 * A silence of the driver after which its executors end. Long, because a driver that is suspended (Ctrl-Z) or that runs a loop of
 * the user's is alive; one that died closes its sockets, which is seen at once.
 */
export const driverSilenceMs = 600_000;

/** From connecting to the last message of the handshake. */
export const handshakeMs = 2000;

/** Bytes that a peer may send before it has authenticated: two short messages and the upgrade request. */
export const handshakeBytes = 8192;

/** Connections beyond the executors themselves: strangers who have not authenticated yet. */
export const strangers = 16;

/** One frame from the driver: the largest broadcast. The limit of ws is a 32-bit integer. */
export const maxToExecutorBytes = 0x7fffffff;

/** One frame from an executor: the largest result of a task (`maxResultBytes`, 1 GiB) with its control text. */
export const maxToDriverBytes = (1 << 30) + (128 << 20);

/** Bytes waiting to be sent to one executor, after which it is taken for dead. */
export const maxBufferedBytes = 4 * 2 ** 30;

/** From the spawn of an executor to its joining; starved machines need seconds. */
export const joinMs = 20_000;

/** Executors that end before they join, one after another, after which no more are started. */
export const startAttempts = 5;

/** The wait before the second start in a row; it doubles up to `maxBackoffMs`. */
export const backoffMs = 50;
export const maxBackoffMs = 1000;

/** Deaths within `deathWindowMs` for each slot that are replaced without a wait: a chaos test, not a broken machine. */
export const freeDeaths = 4;
export const deathWindowMs = 5000;

/** How long a cancelled task may go on by itself to the next look at its flag, before an await of it is abandoned. */
export const cancelGraceMs = 100;

/** From the cancel to the termination of the running script: the abandonment of an await had its turn by then. */
export const terminateMs = 150;

/** From the cancel to the end of the whole executor: it is stuck in a call that is not JavaScript. */
export const cancelKillMs = 1000;

/** Between two reports of a running task. */
export const progressMs = 200;

/** Lines of output a second and stream that are passed on from one executor; the rest is counted. */
export const outputLinesPerSecond = 1000;

/** Longest line of output passed on, in characters. */
export const outputLineLength = 16_384;

/** Lines of an executor's last words kept for the reason of its loss. */
export const lastWords = 20;

/** After an executor's exit, how long its remaining output is waited for. */
export const drainMs = 50;

/** What a command of a `pipe` may say on stderr before it is ended: more is data on the wrong channel. */
export const commandErrorBytes = 16 << 20;

/** Connections that a listening receiver holds at a time: each may hold a line of its own in memory. */
export const maxReceiverConnections = 256;

/** From asking a receiver to end to ending its process: the user's `onStop` may close connections in order. */
export const receiverStopMs = 2000;

/** The same for a graceful stop, where what was read must come over first: a starved machine needs seconds. */
export const receiverDrainMs = 15_000;

/** Bytes of a request's head that the pages read: a cookie and what browsers send, which is below 2 KiB. */
export const pageRequestBytes = 8192;

/** From the first byte of a request to the last of its head. */
export const pageRequestMs = 5000;

/** Connections to the pages: a browser opens six, and each open page one more. */
export const pageConnections = 64;

/** Pages that are told of changes at the same time. */
export const livePages = 16;

/** What a page may say at a time: which view it wants. */
export const pageMessageBytes = 256;

/** What a page may say in a second: a person changes the view, a page that is out of hand is cut off. */
export const pageMessagesPerSecond = 20;

/** Between two states that a page is sent. */
export const pageUpdateMs = 250;

/** A page that has not read its last state after so long is cut off; it comes back by itself when it can. */
export const pageSilenceMs = 30_000;

/** Links and logins of the pages that hold at the same time; older ones are void. */
export const pageLinks = 16;
