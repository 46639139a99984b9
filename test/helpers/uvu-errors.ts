// Lets uvu report our errors: it takes the `details` of an error for a text, fails at ours, and then drops the rest of the file.
import { MillraceError } from '../../runtime/base/errors';

// The very object whose members test files call: an import would be a copy.
const uvu: Record<'suite' | 'test', unknown> = require('uvu');

type Handler = (context: never) => unknown;
type Add = (name: string, handler: Handler) => void;
type AddTest = Add & { readonly only: Add };

function readable(handler: Handler): Handler {
  return async (context) => {
    try {
      await handler(context);
    } catch (thrown) {
      if (!(thrown instanceof MillraceError) && thrown instanceof Error) throw thrown;
      const shown = thrown instanceof MillraceError ? `${thrown.code}: ${thrown.message}` : `${thrown} was thrown`;
      throw Object.assign(new Error(shown), { stack: thrown instanceof Error ? thrown.stack : undefined });
    }
  };
}

function wrapped(add: AddTest): AddTest {
  const only = (name: string, handler: Handler) => add.only(name, readable(handler));
  return Object.assign((name: string, handler: Handler) => add(name, readable(handler)), { ...add, only });
}

const suite = uvu.suite as (name: string, context?: unknown) => AddTest;
Object.assign(uvu, {
  suite: (name: string, context?: unknown) => wrapped(suite(name, context)),
  test: wrapped(uvu.test as AddTest),
});
