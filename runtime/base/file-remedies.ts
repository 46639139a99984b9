// What the user can do about a file that cannot be read or written, by what the system said.

const codeOf = (thrown: unknown): string => String((thrown as NodeJS.ErrnoException | undefined)?.code ?? '');

const tooMany = 'Too many files are open: close some, or raise the limit (ulimit -n).';
const link = 'Correct the link or remove it.';

/** The remedy for a failed read, unless the declared one is the best. */
export function readRemedy(thrown: unknown): string | undefined {
  switch (codeOf(thrown)) {
    case 'EACCES':
    case 'EPERM':
      return 'You may not read it: change its rights (chmod) or those of the folders above it, or read a copy of your own.';
    case 'ELOOP':
      return link;
    case 'EMFILE':
    case 'ENFILE':
      return tooMany;
    case 'EISDIR':
      return 'It is a folder now; name a file, or the folder when the dataset is made.';
    case 'EIO':
      return 'Check the disk that the file is on, or restore the file from a copy.';
    case 'Z_DATA_ERROR':
    case 'Z_BUF_ERROR':
      return 'It is no whole gzip file: gzip -t checks it. Copy it or pack it again; a text must not be named .gz.';
    default:
      return undefined;
  }
}

/** The remedy for a failed write, unless the declared one, more space, is the best. */
export function writeRemedy(thrown: unknown): string | undefined {
  switch (codeOf(thrown)) {
    case 'EROFS':
      return 'The file system is read-only: choose another folder.';
    case 'EACCES':
    case 'EPERM':
      return 'You may not write there: choose another folder, or change its rights (chmod).';
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return 'Something else has that name, or is on the way to it: choose another path, or move that away.';
    case 'ENOENT':
      return 'The folder that it belongs into is missing: make it first, or choose another path.';
    case 'ELOOP':
      return link;
    case 'ENAMETOOLONG':
      return 'Choose a shorter path.';
    case 'EMFILE':
    case 'ENFILE':
      return tooMany;
    case 'EIO':
      return 'Check the disk, or write to another one. TMPDIR sets where the session puts its files.';
    default:
      return undefined;
  }
}
