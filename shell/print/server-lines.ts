// A server and its sessions in lines: for `.sessions` and `millrace serve --status`.
import { bytesText, msText } from '../../runtime/base/units';
import type { ServerInfo } from '../../runtime/plan/sharing/shared-datasets';
import { counted, escapeControls } from './safe-text';

/** `own` is the session that asks, where it is to be marked. */
export function serverLines({ pid, since, master, executors, sessions }: ServerInfo, now: number, own?: number): string[] {
  const age = (from: number) => msText(Math.max(0, now - from));
  return [
    `${master}, process ${pid}, up for ${age(since)}; ${counted(executors, 'executor')}, ${counted(sessions.length, 'session')}`,
    ...sessions.map(({ session, name, pid: process, since: from, running, jobs, bytes, published, isDetached, isConnected }) =>
      [
        String(session).padStart(4),
        `${escapeControls(name)} (process ${process})${session === own ? ', this session' : ''}`,
        ...(isDetached ? ['detached'] : []),
        ...(isConnected ? [] : ['without a connection']),
        `for ${age(from)}`,
        `${counted(jobs, 'job')}, ${running} running`,
        `holds ${bytesText(bytes)}${published > 0 ? `, has published ${bytesText(published)}` : ''}`,
      ].join('  '),
    ),
  ];
}
