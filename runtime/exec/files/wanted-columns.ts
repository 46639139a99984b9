// The columns of a table that a program uses: what its first steps read of a row, as far as their texts say.
import type { FunctionRef } from '../../plan/function-ref';
import type { Plan, Program } from '../../plan/program';

/** Fields of rows; undefined for all of them. */
type Wanted = ReadonlySet<string> | undefined;

/** What a function reads of its rows, which it must not change. */
const readBy = (f: FunctionRef | undefined): Wanted =>
  f?.kind === 'closure' && f.reads !== undefined && !f.changes?.first ? new Set(f.reads) : undefined;

/** Tells the table below a chain of steps which columns are used; what gathers, keeps or passes on whole rows uses all. */
export function wantColumns({ plan, sink }: Pick<Program, 'plan' | 'sink'>): void {
  let wanted: Wanted = sink.kind === 'count' ? new Set() : undefined;
  for (let node: Plan = plan; ; ) {
    switch (node.op) {
      case 'filter': {
        const own = readBy(node.f);
        wanted = wanted && own && new Set([...wanted, ...own]);
        node = node.input;
        continue;
      }
      case 'map':
        wanted = node.template === 'call' ? readBy(node.f) : undefined;
        node = node.input;
        continue;
      case 'flatMap':
        wanted = node.values ? undefined : readBy(node.f);
        node = node.input;
        continue;
      case 'table':
        // The program was decoded for this process alone.
        if (wanted) (node as { spec: object }).spec = { ...node.spec, wanted: [...wanted] };
        return;
      default:
        return;
    }
  }
}
