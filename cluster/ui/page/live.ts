// The page's connection to the session: it asks for the view that is shown, receives states, and reconnects after a break.
import type { Snapshot, Wanted } from './messages';

export type LinkState = 'connecting' | 'live' | 'lost';

export interface LiveEvents {
  state(state: LinkState): void;
  snapshot(snapshot: Snapshot): void;
}

const firstRetryMs = 500;
const mostRetryMs = 5000;

export class Live {
  readonly #events: LiveEvents;
  #wanted: Wanted;
  #socket: WebSocket | undefined;
  #retryMs = firstRetryMs;

  constructor(wanted: Wanted, events: LiveEvents) {
    this.#wanted = wanted;
    this.#events = events;
    this.#connect();
  }

  want(wanted: Wanted): void {
    this.#wanted = wanted;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(wanted));
  }

  #connect(): void {
    const socket = new WebSocket(`ws://${location.host}/live`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#retryMs = firstRetryMs;
      this.#events.state('live');
      this.want(this.#wanted);
    };
    socket.onmessage = ({ data }) => this.#events.snapshot(JSON.parse(String(data)) as Snapshot);
    socket.onclose = () => {
      this.#events.state('lost');
      setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(mostRetryMs, this.#retryMs * 2);
    };
  }
}
