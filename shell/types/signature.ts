// The signature of the call around a position, with the current parameter.
import ts from 'typescript';
import type { SignatureHint } from '../contract/type-service';
import { firstSentence, type Scratch } from './completions';
import { cleanTypeText } from './entry-names';

export function signatureAt({ service, file, layout }: Scratch, position: number): SignatureHint | undefined {
  const help = service.getSignatureHelpItems(file, layout.toComposed(position), undefined);
  if (!help) return undefined;
  const item = help.items[help.selectedItemIndex] ?? help.items[0];
  const text = (parts: ts.SymbolDisplayPart[]) => cleanTypeText(ts.displayPartsToString(parts));
  const parameters = item.parameters.map(({ displayParts }) => text(displayParts));
  const last = Math.max(0, parameters.length - 1);
  return {
    before: text(item.prefixDisplayParts),
    parameters,
    active: item.isVariadic ? Math.min(help.argumentIndex, last) : help.argumentIndex,
    after: text(item.suffixDisplayParts),
    sentence: firstSentence(item.documentation),
  };
}
