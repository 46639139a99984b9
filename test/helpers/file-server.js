// A web server of files for tests, in a process of its own: tasks of `local` hold the thread of the test. Prints its port; reads orders.
const http = require('node:http');
const { createHash } = require('node:crypto');
const { readFileSync, existsSync } = require('node:fs');
const { join } = require('node:path');
const folder = process.argv[2];
let asked = [];
let failures = 0;
const changed = new Set();
const tag = (body) => `"${createHash('sha1').update(body).digest('hex')}"`;
const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const name = decodeURIComponent(url.pathname.slice(1));
  if (name === 'control') {
    if (url.searchParams.has('fail')) failures = Number(url.searchParams.get('fail'));
    if (url.searchParams.has('change')) changed.add(url.searchParams.get('change'));
    response.end(JSON.stringify(asked));
    asked = [];
    return;
  }
  asked.push([request.method, request.url, request.headers.range ?? '', request.headers.authorization ?? '']);
  if (failures > 0) {
    failures--;
    response.writeHead(503);
    return response.end('busy');
  }
  if (name.startsWith('moved/')) {
    response.writeHead(302, { location: `/${name.slice(6)}` });
    return response.end();
  }
  if (name.startsWith('closed/')) {
    response.writeHead(403);
    return response.end('no');
  }
  const isWhole = name.startsWith('whole/');
  const path = join(folder, isWhole ? name.slice(6) : name);
  if (!existsSync(path)) {
    response.writeHead(404);
    return response.end('nothing');
  }
  let body = readFileSync(path);
  if (changed.has(name)) body = Buffer.concat([Buffer.from('new\n'), body]);
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const headers = { etag: tag(body), 'accept-ranges': 'bytes' };
  if (isWhole || from === undefined) {
    response.writeHead(200, { 'content-length': body.length });
    return response.end(body);
  }
  if (Number(from) >= body.length) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${body.length}` });
    return response.end();
  }
  const part = body.subarray(Number(from), Number(to) + 1);
  response.writeHead(206, {
    ...headers,
    'content-length': part.length,
    'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${body.length}`,
  });
  response.end(part);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
