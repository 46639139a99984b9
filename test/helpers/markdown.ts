// The code and the tables of the project's documents.
import { readDocument } from './sources';

export interface Block {
  /** Of its first line, from 1. */
  readonly line: number;
  /** What stands behind the fence: `ts`, `bash`, or nothing. */
  readonly language: string;
  readonly text: string;
}

/** Blocks of a document in order. */
export function blocksOf(document: string): Block[] {
  const text = readDocument(document);
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language, 2: code }) => {
    const above = text.slice(0, index).split('\n').length;
    return { line: above + 1, language, text: code };
  });
}

/** The rows of each table of a document below a heading: cells as they are written, without the head. */
export function tableRows(document: string, heading: string): string[][] {
  const section = readDocument(document)
    .split(/^(?=#+ )/m)
    .find((part) => part.split('\n')[0].replace(/^#+ /, '') === heading);
  if (section === undefined) throw new Error(`${document} has no heading "${heading}"`);
  const isRule = (line: string | undefined) => line !== undefined && /^\|[\s|:-]*-[\s|:-]*\|$/.test(line);
  const lines = section.split('\n');
  return lines
    .filter((line, at) => line.startsWith('|') && !isRule(line) && !isRule(lines[at + 1]))
    .map((row) => row.slice(1, -1).split(/(?<!\\)\|/))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** What stands in backquotes. */
export const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

/** A session at the prompt: a block without a language that begins with the prompt. */
export const isSession = ({ language, text }: Block): boolean => language === '' && text.startsWith('> ');

/** A session on a stream reads the lines of the bundled log. */
export function sceneOf({ text }: Pick<Block, 'text'>): { readonly sent?: readonly string[] } {
  return text.includes('9999') ? { sent: readDocument('samples/data/server.log').trim().split('\n') } : {};
}
