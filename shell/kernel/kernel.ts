// A kernel of Jupyter: the channels of the connection file, and what the front end asks over them.
import { randomUUID } from 'node:crypto';
import { asError } from '../../runtime/base/errors';
import { packageVersion } from '../base/package-root';
import type { EngineOptions } from '../contract/session';
import { pointsAt, unitsAt } from './code-points';
import type { Channel, Connection } from './connection-file';
import { type HistoryRequest, historyOf } from './history-reply';
import { type Header, Messages, protocolVersion, type Request } from './messages';
import { type CellEnd, Notebook } from './notebook';
import { Outputs } from './outputs';
import { type Peer, ServerSocket } from './zmtp/server-socket';

/** What a cell asks of its front end for. */
interface Cell {
  readonly header: Header;
  readonly peer: Peer;
  readonly mayAsk: boolean;
  /** Nothing of it is shown. */
  readonly isSilent: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const position = (value: unknown, code: string): number => unitsAt(code, typeof value === 'number' ? value : Infinity);

export class Kernel {
  readonly #messages: Messages;
  readonly #connection: Connection;
  readonly #sockets: Readonly<Record<Channel, ServerSocket>>;
  readonly #notebook: Notebook;
  readonly #outputs: Outputs;
  /** The cell whose outputs come: the one that runs, or the last one. */
  #cell: Cell | undefined;
  #isRunning = false;
  #cells: Promise<void> = Promise.resolve();
  /** Cells that have come, and up to which of them none runs because one before failed. */
  #received = 0;
  #abortedTo = 0;
  /** The open question. */
  #question: { readonly id: string; readonly answered: (text: string) => void } | undefined;
  #count = 0;
  #uncounted = 0;
  #earlier: readonly string[] | undefined;
  readonly #own: string[] = [];
  readonly #end: () => void;
  readonly ended: Promise<void>;

  constructor(connection: Connection, engine: EngineOptions) {
    let end = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
    this.#connection = connection;
    this.#messages = new Messages(connection.key);
    const asked = (parts: readonly Buffer[], peer: Peer) => {
      const request = this.#messages.read(parts);
      if (!request) return;
      peer.trust();
      void this.#take(request, peer);
    };
    this.#sockets = {
      shell: new ServerSocket('ROUTER', asked),
      control: new ServerSocket('ROUTER', asked),
      stdin: new ServerSocket('ROUTER', asked),
      iopub: new ServerSocket('PUB'),
      hb: new ServerSocket('REP', (parts, peer) => peer.send(parts)),
    };
    this.#outputs = new Outputs((type, content) => {
      if (!this.#cell?.isSilent) this.#publish(type, content, this.#cell?.header);
    });
    this.#notebook = new Notebook({ engine, outputs: this.#outputs, ask: (message) => this.#ask(message) });
  }

  async listen(): Promise<void> {
    const { places } = this.#connection;
    await Promise.all(Object.entries(this.#sockets).map(([channel, socket]) => socket.listen(places[channel as Channel])));
    this.#publish('status', { execution_state: 'starting' }, undefined);
  }

  interrupt(): void {
    this.#notebook.interrupt();
  }

  async stop(): Promise<void> {
    await this.#notebook.stop();
    await Promise.all(Object.values(this.#sockets).map((socket) => socket.close()));
    this.#end();
  }

  #publish(type: string, content: object, parent: Header | undefined): void {
    this.#sockets.iopub.publish(this.#messages.write(type, content, parent, [Buffer.from(type)]));
  }

  async #take(request: Request, peer: Peer): Promise<void> {
    const { header, route, content } = request;
    const { msg_type: type } = header;
    if (type === 'input_reply') return this.#takeAnswer(request);
    const reply = (replyType: string, answer: object) => peer.send(this.#messages.write(replyType, answer, header, route));
    if (type === 'execute_request') return this.#queue(request, peer, reply);
    this.#publish('status', { execution_state: 'busy' }, header);
    try {
      const answer = await this.#answer(type, content, header);
      if (answer) reply(type.replace(/_request$/, '_reply'), { status: 'ok', ...answer });
    } catch (error) {
      const { name, message } = error as Error;
      reply(type.replace(/_request$/, '_reply'), { status: 'error', ename: name, evalue: message, traceback: [message] });
    }
    this.#publish('status', { execution_state: 'idle' }, header);
    // The front end is to see that a cell still runs.
    if (this.#isRunning) this.#publish('status', { execution_state: 'busy' }, this.#cell?.header);
    if (type === 'shutdown_request') await this.stop();
  }

  /** The content of the reply, if the request has one. */
  async #answer(type: string, content: Request['content'], header: Header): Promise<object | undefined> {
    const code = text(content['code']);
    switch (type) {
      case 'kernel_info_request':
        return kernelInfo();
      case 'complete_request': {
        const { start, end, entries } = await this.#notebook.complete(code, position(content['cursor_pos'], code));
        const types = entries.map(({ name, kind, detail }) => ({
          text: name,
          type: kind,
          signature: detail ?? '',
          start: pointsAt(code, start),
          end: pointsAt(code, end),
        }));
        return {
          matches: entries.map(({ name }) => name),
          cursor_start: pointsAt(code, start),
          cursor_end: pointsAt(code, end),
          metadata: { _jupyter_types_experimental: types },
        };
      }
      case 'inspect_request': {
        const about = await this.#notebook.about(code, position(content['cursor_pos'], code));
        return { found: about !== undefined, data: about === undefined ? {} : { 'text/plain': about }, metadata: {} };
      }
      case 'is_complete_request': {
        const { isWhole, indent } = await this.#notebook.isWhole(code);
        return isWhole ? { status: 'complete' } : { status: 'incomplete', indent };
      }
      case 'history_request':
        return { history: historyOf(content as HistoryRequest, this.#earlierEntries(), this.#own) };
      case 'interrupt_request':
        this.#notebook.interrupt();
        return {};
      case 'comm_info_request':
        return { comms: {} };
      case 'comm_open':
        // There is nobody to talk to at this end.
        this.#publish('comm_close', { comm_id: content['comm_id'], data: {} }, header);
        return undefined;
      case 'connect_request': {
        const { ports } = this.#connection;
        return Object.fromEntries(Object.entries(ports).map(([channel, port]) => [`${channel}_port`, port]));
      }
      case 'shutdown_request':
        return { restart: content['restart'] === true };
      default:
        return undefined;
    }
  }

  /** Cells run one after the other. Those that came before one failed do not run any more. */
  #queue({ header, content }: Request, peer: Peer, reply: (type: string, content: object) => void): Promise<void> {
    const number = ++this.#received;
    const run = async () => {
      this.#publish('status', { execution_state: 'busy' }, header);
      if (number <= this.#abortedTo) reply('execute_reply', { status: 'aborted', execution_count: this.#count });
      else {
        const isSilent = content['silent'] === true;
        const cell = { header, peer, mayAsk: content['allow_stdin'] !== false, isSilent };
        const end = await this.#run(cell, text(content['code']), !isSilent && content['store_history'] !== false);
        if (end.status === 'failed' && !isSilent && content['stop_on_error'] !== false) this.#abortedTo = this.#received;
        reply('execute_reply', { ...replyTo(end), execution_count: this.#count });
      }
      this.#publish('status', { execution_state: 'idle' }, header);
    };
    this.#cells = this.#cells.then(run);
    return this.#cells;
  }

  /** What was in the history before the first cell. */
  #earlierEntries(): readonly string[] {
    this.#earlier ??= this.#notebook.history.entries;
    return this.#earlier;
  }

  /** Whatever fails, here too, is the end of the cell: the next one runs. */
  async #run(cell: Cell, code: string, remembers: boolean): Promise<CellEnd> {
    const before = this.#cell;
    this.#isRunning = true;
    this.#cell = cell;
    try {
      return await this.#runCode(code, remembers);
    } catch (thrown) {
      const { name, message } = asError(thrown);
      this.#outputs.error(name, message, message);
      return { status: 'failed', name, message, report: message };
    } finally {
      this.#isRunning = false;
      this.#question = undefined;
      if (cell.isSilent) this.#cell = before;
    }
  }

  async #runCode(code: string, remembers: boolean): Promise<CellEnd> {
    if (remembers && code.trim() !== '') {
      this.#earlierEntries();
      this.#count++;
      this.#own.push(code);
    }
    this.#outputs.count = this.#count;
    if (!this.#cell?.isSilent) this.#publish('execute_input', { code, execution_count: this.#count }, this.#cell?.header);
    const label = remembers ? `<cell ${this.#count}>` : `<cell without a number ${++this.#uncounted}>`;
    const end = await this.#notebook.run(code, label, remembers);
    if (end.status === 'failed') this.#outputs.error(end.name, end.message, end.report);
    this.#outputs.flush();
    return end;
  }

  /** Asks at the front end that sent the cell. */
  async #ask(message: string): Promise<string | undefined> {
    const cell = this.#cell;
    const peer = cell?.mayAsk ? this.#sockets.stdin.peer(cell.peer.identity) : undefined;
    if (!peer || !this.#isRunning) return undefined;
    this.#outputs.flush();
    peer.trust();
    return new Promise((resolve) => {
      const id = randomUUID();
      this.#question = { id, answered: resolve };
      const content = { prompt: message === '' ? '' : `${message} `, password: false };
      peer.send(this.#messages.write('input_request', content, cell!.header, [], id));
    });
  }

  /** An answer to an earlier question comes too late; some front ends do not say which one they answer. */
  #takeAnswer({ answers, content }: Request): void {
    if (!this.#question || (answers !== undefined && answers !== this.#question.id)) return;
    this.#question.answered(text(content['value']));
    this.#question = undefined;
  }
}

function replyTo(end: CellEnd): object {
  if (end.status === 'failed')
    return { status: 'error', ename: end.name, evalue: end.message, traceback: end.report.trimEnd().split('\n') };
  const payload = end.leaves ? [{ source: 'ask_exit', keepkernel: false }] : [];
  return { status: 'ok', payload, user_expressions: {} };
}

const kernelInfo = () => ({
  protocol_version: protocolVersion,
  implementation: 'millrace',
  implementation_version: packageVersion(),
  banner: `Millrace ${packageVersion()}`,
  language_info: {
    name: 'typescript',
    version: packageVersion(),
    mimetype: 'application/typescript',
    file_extension: '.ts',
    codemirror_mode: 'typescript',
    pygments_lexer: 'typescript',
  },
  help_links: [],
});
