// Follows growing files through rotation: each whole line once, whether a file is renamed, copied and cut, deleted or made again.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { asError } from '../../runtime/base/errors';
import { maxTailedFiles, tailPatternMs, tailPollMs, tailQuietMs } from '../base/limits';
import type { LineCutter } from './cut-lines';
import { ThrottledReport } from './limited-notices';
import { SilenceWatch } from './silence-watch';
import { LineSink, type Source, type SourceHost } from './source';
import { type FilePosition, lastPosition, removePositionsUntil, writePosition } from './tail-positions';

/** So many bytes before a position tell a file from another one. */
const markBytes = 1024;
/** Bytes read at once, and of one file in one turn. */
const readBytes = 1 << 20;
const turnBytes = 8 << 20;
const newline = 0x0a;

const shared = Buffer.allocUnsafe(readBytes);

/** A hash of what stands before `offset`; undefined if the file is shorter. */
function markOf(fd: number, offset: number): string | undefined {
  const bytes = Buffer.allocUnsafe(Math.min(offset, markBytes));
  const read = bytes.length === 0 ? 0 : fs.readSync(fd, bytes, 0, bytes.length, offset - bytes.length);
  return read < bytes.length ? undefined : createHash('sha256').update(bytes).digest('base64url');
}

/** A pipe under the name of a file must not hold up the process. */
const openFlags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;

/** What `ask` says of an open file; false if it cannot be opened. */
function withFile(file: string, ask: (fd: number) => boolean): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, openFlags);
  } catch {
    return false;
  }
  try {
    return ask(fd);
  } finally {
    fs.closeSync(fd);
  }
}

const hasMark = (file: string, offset: number, mark: string): boolean => withFile(file, (fd) => markOf(fd, offset) === mark);

/** Whether a name is one that rotation gives to a copy: `app.log.1` or `app.log-20260101`, in the same folder. */
const isNamedAfter = (file: string, { path: original, offset }: FilePosition): boolean =>
  offset > 0 && file !== original && file.startsWith(original);

const idOf = ({ dev, ino }: fs.BigIntStats): string => `${dev}:${ino}`;

/** An open file that is followed. */
class Followed {
  path: string;
  readonly id: string;
  readonly fd: number;
  readonly cutter: LineCutter;
  /** Where the next read begins. */
  offset: number;
  /** Where the line begins whose end has not been read. */
  lineStart: number;
  mark: string;
  /** Since when no path leads to it that is followed. */
  goneAt: number | undefined;
  heardAt = performance.now();
  /** Its size and times when what was read was last seen to be in it. */
  wholeAt = '';

  constructor(file: string, id: string, fd: number, offset: number, cutter: LineCutter) {
    [this.path, this.id, this.fd, this.cutter] = [file, id, fd, cutter];
    [this.offset, this.lineStart] = [offset, offset];
    this.mark = markOf(fd, offset) ?? '';
  }

  /** Begins again at `offset`, of this file or of what is now in it. */
  restart(offset: number): void {
    this.cutter.abandon();
    this.wholeAt = '';
    [this.offset, this.lineStart] = [offset, offset];
    this.mark = markOf(this.fd, offset) ?? '';
  }

  get position(): FilePosition {
    return { path: this.path, id: this.id, offset: this.lineStart, mark: this.mark };
  }
}

export interface TailHost extends SourceHost {
  /** Where the blocks lie, and with them the positions. */
  readonly folder: string;
  readonly isDurable: boolean;
}

export class TailSource implements Source {
  readonly #host: TailHost;
  readonly #patterns: readonly string[];
  readonly #sink: LineSink;
  readonly #silence: SilenceWatch;
  readonly #trouble: ThrottledReport;
  readonly #files = new Map<string, Followed>();
  /** Where files of an earlier run, which were not found yet, are to go on. */
  readonly #saved: FilePosition[];
  readonly #waiting = new Set<string>();
  /** Files that are the same as a followed one so far. */
  readonly #copies = new Set<string>();
  readonly #matches = new Map<string, { readonly at: number; readonly paths: readonly string[] }>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(host: TailHost, { paths, from }: { readonly paths: readonly string[]; readonly from: 'start' | 'end' }) {
    this.#host = host;
    this.#patterns = paths;
    this.#sink = new LineSink(host);
    const name = paths.join(', ');
    this.#silence = new SilenceWatch(host.silence, name, (message) => host.report('notice', message));
    this.#trouble = new ThrottledReport((count, why) => host.report('error', `${why}${count > 1 ? ` (${count} times)` : ''}`));
    const saved = lastPosition(host.folder, host.isDurable);
    this.#saved = [...(saved ?? [])];
    this.#look(true, saved === undefined && from === 'end');
    // What is read from here on follows from this, whatever ends this process.
    this.save(host.blocks.number);
    host.report('started', `follows ${name}${saved ? ' where it had stopped' : ''}`);
    for (const { path: file, offset } of this.#saved.splice(0))
      host.report('notice', `${file}, read until byte ${offset} before, is not there any more: what came after that is lost`);
    this.#timer = setTimeout(() => this.#turn(), 0);
  }

  /** Called before a block gets its name: `next` is the number of the block after it. */
  save(next: number): void {
    writePosition(
      this.#host.folder,
      next,
      [...this.#files.values()].map((file) => file.position),
      this.#host.isDurable,
    );
  }

  known(block: number): void {
    removePositionsUntil(this.#host.folder, block);
  }

  #turn(): void {
    let isBehind = false;
    try {
      // Before new files are looked at: the copy of a file that was cut is one of them.
      for (const file of [...this.#files.values()]) this.#findCut(file);
      this.#look(false);
      isBehind = this.#readAll();
    } catch (error) {
      this.#trouble.happened(1, asError(error).message);
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.#turn(), isBehind ? 0 : tailPollMs);
  }

  /** The files that a path or a pattern names now. Patterns are looked at less often. */
  #pathsOf(pattern: string): readonly string[] {
    if (!isDynamicPattern(pattern) || fs.existsSync(pattern)) return [pattern];
    const now = performance.now();
    const known = this.#matches.get(pattern);
    if (known && now - known.at < tailPatternMs) return known.paths;
    const paths = globSync(pattern, { absolute: true, onlyFiles: true, expandDirectories: false }).sort();
    this.#matches.set(pattern, { at: now, paths });
    return paths;
  }

  /** Opens files that are new, and notes which are gone. At the first look of a stream with `fromEnd` their lines so far are left out. */
  #look(isFirst: boolean, fromEnd = false): void {
    const here = new Set<string>();
    const fresh: { readonly file: string; readonly id: string }[] = [];
    for (const file of new Set(this.#patterns.flatMap((pattern) => this.#pathsOf(pattern)))) {
      const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
      if (!stat?.isFile()) {
        this.#missing(file, stat !== undefined);
        continue;
      }
      this.#waiting.delete(file);
      const id = idOf(stat);
      here.add(id);
      const known = this.#files.get(id);
      if (known) [known.path, known.goneAt] = [file, undefined];
      else fresh.push({ file, id });
    }
    // Files that were followed before come first: a copy is one only where they are not what they were.
    const isSaved = (id: string) => this.#saved.some((position) => position.id === id);
    fresh.sort((a, b) => Number(isSaved(b.id)) - Number(isSaved(a.id)));
    for (const { file, id } of fresh) if (isFirst || !this.#isCopy(file, id)) this.#open(file, fromEnd);
    for (const saved of [...this.#saved]) this.#findRenamed(saved);
    const now = performance.now();
    for (const file of this.#files.values()) if (!here.has(file.id)) file.goneAt ??= now;
  }

  /** Whether a file is the same as one that is followed, as far as both go: it is left alone until it differs, or until that one was cut. */
  #isCopy(file: string, id: string): boolean {
    const isCopy = withFile(file, (fd) => {
      const { size } = fs.fstatSync(fd);
      return [...this.#files.values()].some((known) => {
        if (path.dirname(known.path) !== path.dirname(file)) return false;
        // Cut just now: which copy has the rest is found at the next turn.
        if (!this.#isWhole(known)) return known.lineStart > 0 && markOf(fd, known.lineStart) === known.mark;
        const both = Math.min(size, fs.fstatSync(known.fd).size);
        return both > 0 && markOf(known.fd, both) === markOf(fd, both);
      });
    });
    if (isCopy) this.#copies.add(id);
    else this.#copies.delete(id);
    return isCopy;
  }

  #missing(file: string, isThere: boolean): void {
    if (this.#waiting.has(file)) return;
    this.#waiting.add(file);
    const isNew = ![...this.#files.values()].some((followed) => followed.path === file);
    if (isThere) this.#trouble.happened(1, `${file} is not a file`);
    else if (isNew) this.#host.report('notice', `waits for ${file}`);
  }

  /** A file that is new here: it goes on where it was read before, by another run or under another name; else it is read from its beginning. */
  #open(file: string, fromEnd: boolean): void {
    if (this.#files.size >= maxTailedFiles) {
      this.#trouble.happened(1, `${file} is left out: ${maxTailedFiles} files are followed already`);
      return;
    }
    let fd: number;
    try {
      fd = fs.openSync(file, openFlags);
    } catch (error) {
      this.#trouble.happened(1, `${file} cannot be read: ${asError(error).message}`);
      return;
    }
    const stat = fs.fstatSync(fd, { bigint: true });
    const id = idOf(stat);
    const fits = (position: FilePosition) => markOf(fd, position.offset) === position.mark;
    const saved =
      this.#saved.find((position) => position.id === id && fits(position)) ??
      this.#saved.find((position) => isNamedAfter(file, position) && fits(position));
    if (saved) this.#saved.splice(this.#saved.indexOf(saved), 1);
    const start = saved?.offset ?? (fromEnd ? lineStartBefore(fd, Number(stat.size)) : 0);
    this.#files.set(id, new Followed(file, id, fd, start, this.#sink.cutter()));
  }

  /** A file that an earlier run followed has another name now, in the same folder. */
  #findRenamed(saved: FilePosition): void {
    const found = this.#siblings(saved.path).find(({ path: other, id }) => {
      const isCandidate = id === saved.id || isNamedAfter(other, saved);
      return isCandidate && !this.#files.has(id) && hasMark(other, saved.offset, saved.mark);
    });
    if (found) this.#open(found.path, false);
  }

  #siblings(file: string): { readonly path: string; readonly id: string }[] {
    const folder = path.dirname(file);
    let names: string[];
    try {
      names = fs.readdirSync(folder).sort();
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      const other = path.join(folder, name);
      const stat = fs.statSync(other, { bigint: true, throwIfNoEntry: false });
      return stat?.isFile() ? [{ path: other, id: idOf(stat) }] : [];
    });
  }

  /** Whether something is left to read at once. */
  #readAll(): boolean {
    let isBehind = false;
    const now = performance.now();
    for (const file of [...this.#files.values()]) {
      // What was cut since is found at the next turn.
      if (this.#isWhole(file) && this.#read(file)) isBehind = true;
      const { goneAt, heardAt, id } = file;
      if (goneAt === undefined || !this.#host.gate.isOpen || now - Math.max(goneAt, heardAt) < tailQuietMs) continue;
      // Nobody writes there any more: what has no line end will not get one.
      file.cutter.end();
      fs.closeSync(file.fd);
      this.#files.delete(id);
    }
    return isBehind;
  }

  /** Reads what came; true if the turn ended before the file did. */
  #read(file: Followed): boolean {
    let turn = 0;
    while (this.#host.gate.isOpen && turn < turnBytes) {
      const n = fs.readSync(file.fd, shared, 0, Math.min(readBytes, this.#host.gate.readBytes), file.offset);
      if (n === 0) break;
      turn += n;
      const end = shared.subarray(0, n).lastIndexOf(newline);
      if (end >= 0) file.lineStart = file.offset + end + 1;
      file.offset += n;
      file.cutter.push(shared.subarray(0, n));
    }
    if (turn === 0) return false;
    file.mark = markOf(file.fd, file.lineStart) ?? '';
    file.heardAt = performance.now();
    this.#silence.heard();
    return turn >= turnBytes;
  }

  /** Whether what was read of a file is in it still. */
  #isWhole(file: Followed): boolean {
    const { size, mtimeMs, ctimeMs } = fs.fstatSync(file.fd);
    const changed = `${size} ${mtimeMs} ${ctimeMs}`;
    // It is the same as when it was looked at last, as idle files are nearly always.
    if (file.wholeAt === changed) return true;
    if (size < file.offset || markOf(file.fd, file.lineStart) !== file.mark) return false;
    file.wholeAt = changed;
    return true;
  }

  /** Where a file was cut, or written anew, a copy may have what was not read; the file is read from its beginning. */
  #findCut(file: Followed): void {
    if (this.#isWhole(file)) return;
    const { position } = file;
    const copy = this.#siblings(position.path).find(({ path: other, id }) => {
      const isCandidate = !this.#files.has(id) && (isNamedAfter(other, position) || this.#copies.has(id));
      return isCandidate && hasMark(other, position.offset, position.mark);
    });
    if (copy) {
      const rest = new Followed(copy.path, copy.id, fs.openSync(copy.path, openFlags), position.offset, this.#sink.cutter());
      rest.goneAt = performance.now();
      this.#files.set(rest.id, rest);
    } else {
      const half = file.offset - file.lineStart;
      const lost = half > 0 ? `, and ${half} bytes of a line that had not ended` : '';
      this.#host.report('notice', `${position.path} was cut: what had not been read${lost} is lost unless a copy has it`);
    }
    file.restart(0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#sink.close();
    this.#silence.close();
    this.#trouble.close();
    for (const { fd } of this.#files.values()) fs.closeSync(fd);
  }
}

/** Where the last line begins that ends before `size` or has not ended: a half line is read whole once it ends. */
function lineStartBefore(fd: number, size: number): number {
  const length = Math.min(size, readBytes);
  const bytes = Buffer.allocUnsafe(length);
  const read = length === 0 ? 0 : fs.readSync(fd, bytes, 0, length, size - length);
  const at = bytes.subarray(0, read).lastIndexOf(newline);
  return at < 0 && size <= readBytes ? 0 : size - length + at + 1;
}
