// The process of the SQL engine: answers the queries of the session that started it, and ends with that session.
import { Socket } from 'node:net';
import { asError } from '../../runtime/base/errors';
import type { SqlResult } from '../../runtime/plan/sql-engine';
import { DriverWatch } from '../base/driver-watch';
import { Duck } from './duck';
import { faultOf } from './faults';
import { SqlMessages, type SqlReply, type SqlRequest, type SqlSetup, sqlDescriptor, sqlMessage } from './protocol';
import { prepareQuery, runQuery } from './queries';

const socket = new Socket({ fd: sqlDescriptor });
let duck: Duck | undefined;
let setup: SqlSetup | undefined;

async function answer(request: Exclude<SqlRequest, { kind: 'setup' }>): Promise<void> {
  let result: SqlReply['result'];
  try {
    result =
      request.kind === 'prepare'
        ? await prepareQuery(duck!, request.query)
        : await runQuery(duck!, setup!, request.query, request.target);
  } catch (error) {
    result = { status: 'fault', fault: faultOf(asError(error)) } satisfies SqlResult<never>;
  }
  socket.write(sqlMessage({ id: request.id, result }));
}

const messages = new SqlMessages((message) => {
  const request = message as SqlRequest;
  if (request.kind === 'setup') {
    duck = new Duck(request.setup);
    setup = request.setup;
  } else void answer(request);
});

// The session is gone. A query of the library may hold up every gentler end.
const end = () => process.kill(process.pid, 'SIGKILL');

new DriverWatch();
socket.on('data', (piece: Buffer) => messages.push(piece));
socket.on('close', end);
socket.on('error', end);
