// A captured symbol: one that every process has, by its name, or one of its own.
import type { PayloadNode } from '../../plan/payload';

export function symbolNode(symbol: symbol): PayloadNode {
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return { t: 'sharedSymbol', key };
  const name = symbol.description;
  const known = name?.startsWith('Symbol.')
    ? (Symbol as unknown as Record<string, unknown>)[name.slice('Symbol.'.length)]
    : undefined;
  return known === symbol
    ? { t: 'intrinsic', path: `Symbol.@${name?.slice('Symbol.'.length)}` }
    : { t: 'symbol', description: name };
}
