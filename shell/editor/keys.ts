// Which key does what: one table from chords, as Node's key decoder names them, to the editor's actions.

/** A key as `readline.emitKeypressEvents` reports it. */
export interface Key {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
}

const chords = {
  return: 'enter',
  enter: 'enter',
  'M-return': 'newline',
  'M-enter': 'newline',
  left: 'left',
  'C-b': 'left',
  right: 'right',
  'C-f': 'right',
  'C-left': 'wordLeft',
  'M-left': 'wordLeft',
  'M-b': 'wordLeft',
  'C-right': 'wordRight',
  'M-right': 'wordRight',
  'M-f': 'wordRight',
  home: 'lineStart',
  'C-a': 'lineStart',
  end: 'lineEnd',
  'C-e': 'lineEnd',
  up: 'up',
  'C-p': 'up',
  down: 'down',
  'C-n': 'down',
  backspace: 'backspace',
  'S-backspace': 'backspace',
  'C-h': 'backspace',
  delete: 'deleteForward',
  'C-k': 'cutToLineEnd',
  'C-u': 'cutToLineStart',
  'C-w': 'cutBackToSpace',
  'M-backspace': 'cutWordLeft',
  'C-backspace': 'cutWordLeft',
  'M-d': 'cutWordRight',
  'C-delete': 'cutWordRight',
  'C-y': 'pasteCut',
  'C-l': 'clearScreen',
  'C-r': 'searchBack',
  'C-g': 'cancel',
  escape: 'cancel',
  'M-escape': 'cancel',
  tab: 'complete',
  'S-tab': 'completeBack',
  'C-c': 'interrupt',
  'C-d': 'endOfInput',
  'paste-start': 'pasteStart',
  'paste-end': 'pasteEnd',
} as const;

export type Action = (typeof chords)[keyof typeof chords];

/** Shift-Enter and Ctrl-Enter as terminals send them that tell these from Enter; Node's decoder has no name for them. */
const newlineSequences = new Set(['\x1b[13;2u', '\x1b[13;5u', '\x1b[27;2;13~', '\x1b[27;5;13~']);

/** The action of a key; undefined for a key that is text or means nothing. */
export function actionOf(key: Key): Action | undefined {
  if (key.sequence !== undefined && newlineSequences.has(key.sequence)) return 'newline';
  if (key.name === undefined) return undefined;
  const chord = (key.ctrl ? 'C-' : '') + (key.meta ? 'M-' : '') + (isNamed(key) && key.shift ? 'S-' : '') + key.name;
  return Object.hasOwn(chords, chord) ? chords[chord as keyof typeof chords] : undefined;
}

/** The text that a key types, if it types any. */
export function typedText(text: string | undefined, key: Key): string | undefined {
  if (text === undefined || text === '' || key.ctrl || key.meta) return undefined;
  return /[\x00-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
}

/** Letters report Shift for capitals, which is no chord. */
function isNamed(key: Key): boolean {
  return (key.name?.length ?? 0) > 1;
}
