// Follows growing files through rotation: each whole line once, whether a file is renamed, copied and cut, deleted or made again.
import fs from 'node:fs';
import path from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { asError } from '../../runtime/base/errors';
import { maxTailedFiles, tailMissingMs, tailPatternMs, tailPollMs, tailQuietMs } from '../base/limits';
import type { LineCutter } from './cut-lines';
import { hasMark, idOf, isNamedAfter, lineStartBefore, markOf, mayGoOn, openFlags, withFile } from './file-marks';
import { ThrottledReport } from './limited-notices';
import { SilenceWatch } from './silence-watch';
import { LineSink, type Source, type SourceHost } from './source';
import { type FilePosition, lastPosition, removePositionsUntil, writePosition } from './tail-positions';

/** Bytes read at once, and of one file in one turn. */
const readBytes = 1 << 20;
const turnBytes = 8 << 20;
const newline = 0x0a;
/** What rotation makes of old files: no lines, also where a pattern matches their names. */
const compressed = /\.(?:gz|tgz|bz2|xz|zst|lz4|zip|Z)$/;

const shared = Buffer.allocUnsafe(readBytes);

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
  /** The same of `offset`: of a line that has not ended too. */
  seen: string;
  /** Since when no path leads to it that is followed. */
  goneAt: number | undefined;
  heardAt = performance.now();
  /** Its size and times when what was read was last seen to be in it. */
  wholeAt = '';

  constructor(file: string, id: string, fd: number, offset: number, cutter: LineCutter) {
    [this.path, this.id, this.fd, this.cutter] = [file, id, fd, cutter];
    [this.offset, this.lineStart] = [offset, offset];
    this.mark = this.seen = markOf(fd, offset) ?? '';
  }

  /** Notes what was read. */
  remember(): void {
    this.mark = markOf(this.fd, this.lineStart) ?? '';
    this.seen = this.offset === this.lineStart ? this.mark : (markOf(this.fd, this.offset) ?? '');
  }

  /** Begins again at `offset`, of this file or of what is now in it. */
  restart(offset: number): void {
    this.cutter.abandon();
    this.wholeAt = '';
    [this.offset, this.lineStart] = [offset, offset];
    this.remember();
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
  /** Where files of an earlier run, which were not found yet, are to go on: their disk may come later than this program. */
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
    this.#trouble = new ThrottledReport((count, why) => host.report('error', `${why}${count > 1 ? ` (${count} times)` : ''}`));
    const saved = lastPosition(host.folder, host.isDurable);
    this.#saved = [...(saved ?? [])];
    this.#look(saved ? undefined : from);
    for (const one of [...this.#saved]) this.#findRenamed(one);
    const missing = this.#noteMissing();
    // What is read from here on follows from this, whatever ends this process.
    this.save(host.blocks.number);
    host.report('started', `follows ${name}${saved ? ' where it had stopped' : ''}`);
    for (const { path: file, offset } of missing)
      host.report(
        'notice',
        `${file}, read until byte ${offset} before, is not there any more: what came after that is lost unless it comes back`,
      );
    this.#silence = new SilenceWatch(host.silence, name, (message) => host.report('notice', message));
    this.#timer = setTimeout(() => this.#turn(), 0);
  }

  /** Keeps the positions of files that were not found for a while; answers those that were there at the start before. */
  #noteMissing(): FilePosition[] {
    const now = Date.now();
    const fresh = this.#saved.filter(({ goneSince }) => goneSince === undefined);
    const kept = this.#saved.map((position) => ({ goneSince: now, ...position }));
    const isRecent = ({ goneSince }: FilePosition) => now - goneSince! < tailMissingMs;
    this.#saved.splice(0, Number.POSITIVE_INFINITY, ...kept.filter(isRecent).slice(0, maxTailedFiles));
    return fresh;
  }

  /** Called before a block gets its name: `next` is the number of the block after it. */
  save(next: number): void {
    writePosition(
      this.#host.folder,
      next,
      [...[...this.#files.values()].map((file) => file.position), ...this.#saved],
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
      this.#each((file) => this.#findCut(file));
      this.#look();
      isBehind = this.#readAll();
    } catch (error) {
      this.#trouble.happened(1, asError(error).message);
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.#turn(), isBehind ? 0 : tailPollMs);
  }

  /** What is wrong with one file keeps no other from being read. */
  #each(work: (file: Followed) => void): void {
    for (const file of [...this.#files.values()]) {
      try {
        work(file);
      } catch (error) {
        this.#unreadable(file.path, error);
      }
    }
  }

  #unreadable(file: string, error: unknown): void {
    this.#trouble.happened(1, `${file} cannot be read: ${asError(error).message}`);
  }

  /** The files that a path or a pattern names now. Patterns are looked at less often. */
  #pathsOf(pattern: string): readonly string[] {
    if (!isDynamicPattern(pattern) || fs.existsSync(pattern)) return [pattern];
    const now = performance.now();
    const known = this.#matches.get(pattern);
    if (known && now - known.at < tailPatternMs) return known.paths;
    const found = globSync(pattern, { absolute: true, onlyFiles: true, expandDirectories: false });
    const paths = found.filter((file) => !compressed.test(file)).sort();
    this.#matches.set(pattern, { at: now, paths });
    return paths;
  }

  /** Opens files that are new, and notes which are gone. `first` is given at the very first look of a stream: all files are
   * read then, or followed from their ends. */
  #look(first?: 'start' | 'end'): void {
    const here = new Set<string>();
    const fresh: { readonly file: string; readonly id: string }[] = [];
    for (const file of new Set(this.#patterns.flatMap((pattern) => this.#pathsOf(pattern)))) {
      let stat: fs.BigIntStats | undefined;
      try {
        stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
      } catch (error) {
        this.#unreadable(file, error);
        // It may be there still.
        for (const { path: known, id } of this.#files.values()) if (known === file) here.add(id);
        continue;
      }
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
    type Found = (typeof fresh)[number];
    const isSaved = ({ file, id }: Found) => this.#saved.some((position) => position.id === id || position.path === file);
    fresh.sort((a, b) => Number(isSaved(b)) - Number(isSaved(a)));
    const isRead = (one: Found) => first || isSaved(one) || !this.#isCopy(one.file, one.id);
    for (const one of fresh) if (isRead(one)) this.#open(one.file, first === 'end');
    const now = performance.now();
    for (const file of this.#files.values()) if (!here.has(file.id)) file.goneAt ??= now;
  }

  /** Whether a file is the same as one that is followed, as far as both go: it is left alone until it differs, or until that one was cut. */
  #isCopy(file: string, id: string): boolean {
    const isCopy = withFile(file, (fd) => {
      const { size } = fs.fstatSync(fd);
      return [...this.#files.values()].some((known) => {
        if (path.dirname(known.path) !== path.dirname(file)) return false;
        // Who copies makes an empty file first.
        if (size === 0) return isNamedAfter(file, known.position);
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
      this.#unreadable(file, error);
      return;
    }
    const stat = fs.fstatSync(fd, { bigint: true });
    const id = idOf(stat);
    const fits = (position: FilePosition) => markOf(fd, position.offset) === position.mark;
    const saved =
      this.#saved.find((position) => position.id === id && fits(position)) ??
      this.#saved.find((position) => mayGoOn(file, position) && fits(position));
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
    this.#each((file) => {
      // What was cut since is found at the next turn.
      if (this.#isWhole(file) && this.#read(file)) isBehind = true;
      const { goneAt, heardAt, id } = file;
      if (goneAt === undefined || !this.#host.gate.isOpen || now - Math.max(goneAt, heardAt) < tailQuietMs) return;
      // Nobody writes there any more: what has no line end will not get one.
      file.cutter.end();
      fs.closeSync(file.fd);
      this.#files.delete(id);
    });
    return isBehind;
  }

  /** Reads what came; true if the turn ended before the file did. */
  #read(file: Followed): boolean {
    let turn = 0;
    try {
      while (this.#host.gate.isOpen && turn < turnBytes) {
        const n = fs.readSync(file.fd, shared, 0, Math.min(readBytes, this.#host.gate.readBytes), file.offset);
        if (n === 0) break;
        turn += n;
        const end = shared.subarray(0, n).lastIndexOf(newline);
        if (end >= 0) file.lineStart = file.offset + end + 1;
        file.offset += n;
        file.cutter.push(shared.subarray(0, n));
      }
    } finally {
      if (turn > 0) file.remember();
    }
    if (turn === 0) return false;
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
    if (size < file.offset || markOf(file.fd, file.offset) !== file.seen) return false;
    file.wholeAt = changed;
    return true;
  }

  /** Where a file was cut, or written anew, a copy may have what was not read; the file is read from its beginning. */
  #findCut(file: Followed): void {
    if (this.#isWhole(file)) return;
    const { position } = file;
    // The line that has not ended was written anew, in place.
    if (fs.fstatSync(file.fd).size >= file.offset && markOf(file.fd, position.offset) === position.mark)
      return file.restart(position.offset);
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
