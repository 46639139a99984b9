// The functions that a dataset, a shuffle or a job calls, as its node lists them.
import type { FunctionRef } from '../plan/function-ref';
import type { FunctionNode } from '../plan/node';
import { type FunctionArgument, ShippedFunction } from './function-argument';

export class FunctionTable {
  /** In the order of their numbers. */
  readonly shipped: ShippedFunction[] = [];

  /** The reference by which a step calls a function. */
  function(argument: FunctionArgument): FunctionRef {
    if (!(argument instanceof ShippedFunction)) {
      const args = argument.args.map((a) => (a instanceof ShippedFunction ? this.function(a) : a));
      return { kind: 'library', name: argument.library, args };
    }
    let index = this.shipped.indexOf(argument);
    if (index < 0) index = this.shipped.push(argument) - 1;
    const { idiom, changes, reads, where } = argument;
    const known = { ...(idiom && { idiom }), ...(changes && { changes }), ...(reads && { reads }), ...(where && { where }) };
    return { kind: 'closure', index, ...known };
  }

  get nodes(): readonly FunctionNode[] {
    return this.shipped.map((f) => f.node);
  }
}
