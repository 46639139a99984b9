// Instances of users' classes in a server, which runs no user's code and knows no user's class: it passes on their class key and state.
import { type InstanceCodec, setInstanceCodec } from '../../runtime/wire/codec';

/** What stands for an instance, such as one that a task has added to an accumulator. */
class OpaqueInstance {
  readonly key: string;
  readonly state: unknown;

  constructor(key: string, state: unknown) {
    this.key = key;
    this.state = state;
  }
}

const codec: InstanceCodec = {
  take: (value) => (value instanceof OpaqueInstance ? { key: value.key, state: value.state } : undefined),
  make: (key, state) => new OpaqueInstance(key, state),
};

/** From now on, this process reads and writes instances without their classes. */
export function passInstancesOn(): void {
  setInstanceCodec(codec);
}
