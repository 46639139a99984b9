// Which key does what: one table of the editor's actions with their chords and their line in `.help keys`.

/** A key as `readline.emitKeypressEvents` reports it. */
export interface Key {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
}

interface Binding {
  /** C- is Ctrl, M- is Alt, S- is Shift; two chords with a space between them are pressed one after the other. */
  readonly chords: readonly string[];
  readonly help: string;
}

const bindings = {
  enter: { chords: ['return', 'enter'], help: 'runs the entry, or starts a new line in an unfinished one' },
  newline: { chords: ['M-return', 'M-enter', 'S-return', 'C-return'], help: 'starts a new line in any entry' },
  left: { chords: ['left', 'C-b'], help: 'one character back' },
  right: { chords: ['right', 'C-f'], help: 'one character forward' },
  wordLeft: { chords: ['M-b', 'C-left', 'M-left'], help: 'one word back' },
  wordRight: { chords: ['M-f', 'C-right', 'M-right'], help: 'one word forward' },
  lineStart: { chords: ['home', 'C-a'], help: 'to the start of the line' },
  lineEnd: { chords: ['end', 'C-e'], help: 'to the end of the line' },
  entryStart: { chords: ['C-home', 'M-<'], help: 'to the start of the entry' },
  entryEnd: { chords: ['C-end', 'M->'], help: 'to the end of the entry' },
  up: { chords: ['up', 'C-p'], help: 'a line up; from the first line, the previous entry that begins with what you typed' },
  down: { chords: ['down', 'C-n'], help: 'a line down; from the last line, the next such entry' },
  pageUp: { chords: ['pageup'], help: 'a screen up in a long entry' },
  pageDown: { chords: ['pagedown'], help: 'a screen down in a long entry' },
  searchBack: { chords: ['C-r'], help: 'searches earlier entries, also those of other terminals; again for the next older one' },
  searchForward: { chords: ['C-s'], help: 'in a search: the next newer one' },
  complete: { chords: ['tab'], help: 'completes; again chooses from the menu' },
  completeBack: { chords: ['S-tab'], help: 'the previous choice' },
  about: { chords: ['M-h', 'f1'], help: 'shows the type of what is under the cursor' },
  backspace: { chords: ['backspace', 'C-h', 'S-backspace'], help: 'deletes the character before' },
  deleteForward: { chords: ['delete'], help: 'deletes the character after' },
  cutToLineEnd: { chords: ['C-k'], help: 'cuts to the end of the line' },
  cutToLineStart: { chords: ['C-u'], help: 'cuts to the start of the line' },
  cutBackToSpace: { chords: ['C-w'], help: 'cuts back to the last space' },
  cutWordLeft: { chords: ['M-backspace', 'C-backspace'], help: 'cuts the word before' },
  cutWordRight: { chords: ['M-d', 'C-delete'], help: 'cuts the word after' },
  pasteCut: { chords: ['C-y'], help: 'pastes the last cut; cuts in a row count as one' },
  pasteEarlierCut: { chords: ['M-y'], help: 'after a paste: the previous cut instead' },
  undo: { chords: ['C-_', 'C-x C-u'], help: 'undoes the last change' },
  redo: { chords: ['M-_', 'M-/'], help: 'redoes it' },
  transpose: { chords: ['C-t'], help: 'swaps two characters' },
  transposeWords: { chords: ['M-t'], help: 'swaps two words' },
  upperWord: { chords: ['M-u'], help: 'turns the word into capitals' },
  lowerWord: { chords: ['M-l'], help: 'turns the word into small letters' },
  capitalWord: { chords: ['M-c'], help: 'capitalizes the word' },
  externalEditor: { chords: ['C-x C-e'], help: 'edits the entry with $VISUAL or $EDITOR' },
  clearScreen: { chords: ['C-l'], help: 'clears the screen' },
  cancel: { chords: ['C-g', 'escape', 'M-escape'], help: 'leaves a search or a menu' },
  interrupt: { chords: ['C-c'], help: 'drops the entry; with nothing typed, stops what runs' },
  endOfInput: { chords: ['C-d'], help: 'with nothing typed, leaves; else deletes the character after' },
  suspend: { chords: ['C-z'], help: 'suspends the shell; fg brings it back, and jobs go on meanwhile' },
} as const satisfies Record<string, Binding>;

export type Action = keyof typeof bindings;

const actions = new Map<string, Action>();
const prefixes = new Set<string>();
for (const action of Object.keys(bindings) as Action[]) {
  for (const chord of bindings[action].chords) {
    actions.set(chord, action);
    if (chord.includes(' ')) prefixes.add(chord.split(' ')[0]);
  }
}

/** What terminals send for keys that Node's decoder does not name. */
const sequences: Readonly<Record<string, string>> = {
  '\x1b[13;2u': 'S-return',
  '\x1b[13;5u': 'C-return',
  '\x1b[27;2;13~': 'S-return',
  '\x1b[27;5;13~': 'C-return',
  '\x1f': 'C-_',
};

/** The name of a key in the table; undefined for one that has none. */
export function chordOf(key: Key): string | undefined {
  const { name, sequence = '' } = key;
  if (Object.hasOwn(sequences, sequence)) return sequences[sequence];
  if (name === undefined) return /^\x1b[!-~]$/.test(sequence) ? `M-${sequence[1]}` : undefined;
  return (key.ctrl ? 'C-' : '') + (key.meta ? 'M-' : '') + (name.length > 1 && key.shift ? 'S-' : '') + name;
}

/** The action of a chord; undefined for one that is text or means nothing. */
export function actionOf(chord: string | undefined): Action | undefined {
  return chord === undefined ? undefined : actions.get(chord);
}

/** Whether a chord is the first of two. */
export function isPrefix(chord: string | undefined): chord is string {
  return chord !== undefined && prefixes.has(chord);
}

/** The text that a key types, if it types any. */
export function typedText(text: string | undefined, key: Key): string | undefined {
  if (text === undefined || text === '' || key.ctrl || key.meta) return undefined;
  return /[\x00-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
}

const shownNames: Readonly<Record<string, string>> = {
  return: 'Enter',
  pageup: 'PageUp',
  pagedown: 'PageDown',
};

/** The table as text, a line for each action. */
export function keysHelp(): string[] {
  const rows = Object.values(bindings).map(({ chords, help }) => [shownChords(chords), help]);
  const width = Math.max(...rows.map(([shown]) => shown.length)) + 2;
  return rows.map(([shown, help]) => shown.padEnd(width) + help);
}

/** At most three chords, as people write them; `enter` is the same key as `return`. */
function shownChords(chords: readonly string[]): string {
  const told = chords.filter((chord) => !chord.endsWith('enter')).slice(0, 3);
  return told.map((chord) => chord.split(' ').map(shownChord).join(' ')).join(', ');
}

function shownChord(chord: string): string {
  const [, modifiers, name] = /^((?:[CMS]-)*)(.+)$/.exec(chord)!;
  const shown = shownNames[name] ?? name[0].toUpperCase() + name.slice(1);
  return modifiers.replace('C-', 'Ctrl-').replace('M-', 'Alt-').replace('S-', 'Shift-') + shown;
}
