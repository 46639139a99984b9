// Files that lie elsewhere as a worker of Spark sees them: those of Hadoop's file systems by its executor, web pages by a thread of its own.
import { join } from 'node:path';
import type { RemoteFile } from '../../../runtime/base/remote/remote-files';
import { FetchingFiles } from '../../files/fetching-files';
import { variablesOf } from '../../files/s3-account';
import type { HadoopAccess } from './hadoop-files';

const isPage = (url: string): boolean => /^https?:/i.test(url);

export class WorkerFiles extends FetchingFiles {
  readonly #hadoop: HadoopAccess;

  constructor(hadoop: HadoopAccess) {
    // Spark sends that program with the one of the worker. What needs an account is Hadoop's.
    super(variablesOf({}), () => join(__dirname, 'fetch-thread.js'));
    this.#hadoop = hadoop;
  }

  override find(url: string, heads: boolean): Promise<readonly RemoteFile[]> {
    return isPage(url) ? super.find(url, heads) : this.#hadoop.find(url, heads);
  }

  override findNow(url: string, heads: boolean): readonly RemoteFile[] {
    return isPage(url) ? super.findNow(url, heads) : this.#hadoop.findNow(url, heads);
  }

  override fetch(file: RemoteFile, position: number, length: number) {
    return isPage(file.url) ? super.fetch(file, position, length) : this.#hadoop.fetch(file, position, length);
  }
}
