// Turns persisted datasets and executors into what the pages show.

import { cutText } from '../../../runtime/base/cut-text';
import type { ExecutorRecord } from '../../../runtime/status/executor-store';
import type { DatasetView, ExecutorView, PageData } from '../page/messages';
import type { PageSource } from './source';

export function datasetsPage(source: PageSource): PageData {
  return { page: 'datasets', datasets: source.sc.persistedRdds().map((rdd) => datasetView(rdd, source)) };
}

function datasetView(rdd: ReturnType<PageSource['sc']['persistedRdds']>[number], { sc, status }: PageSource): DatasetView {
  const { id, operation, storageLevel, callSite: site } = rdd;
  const name = rdd.name && cutText(rdd.name);
  const { partitions: persisted, bytes, diskBytes } = sc.storageOf(rdd);
  // Not from the dataset itself: counting its partitions may have to read files, and opening a page must not do that.
  const partitions = status.partitionsOf(id);
  const holders = status.executors.holders(id).map(({ executorId, ...held }) => ({ executor: executorId, ...held }));
  return {
    id,
    operation,
    name,
    level: storageLevel.toString(),
    site,
    persisted,
    partitions,
    memory: bytes,
    disk: diskBytes,
    holders,
  };
}

const byNumber = (a: ExecutorView, b: ExecutorView): number => a.id.localeCompare(b.id, undefined, { numeric: true });

export function executorsPage({ sc, status: { executors } }: PageSource): PageData {
  const excluded = new Set(sc.executors().flatMap((e) => (e.excluded ? [e.id] : [])));
  const view = (executor: ExecutorRecord): ExecutorView => {
    const { executorId: id, storageBytes: memoryLimit, ...rest } = executor;
    return { id, memoryLimit, ...rest, excluded: excluded.has(id), memory: executors.memoryOf(id) };
  };
  const lost = [...executors.lost()].reverse().map(view);
  return { page: 'executors', alive: executors.alive().map(view).sort(byNumber), lost, losses: executors.losses };
}
