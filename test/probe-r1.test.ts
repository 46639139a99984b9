import { connect } from '../cluster/connect';
import { Listening } from './helpers/streams';
(async () => {
  const sc = await connect('local');
  const t0 = Date.now();
  const ok = new Listening<unknown>(sc, (s) => s.webhookStream({ listen: 0 }));
  await ok.port();
  const pid = (sc.receivers as any).pids[0];
  const bad = new Listening<unknown>(sc, (s) => s.webhookStream({ listen: 0, tls: { cert: '/nix/cert', key: '/nix/key' } }));
  await new Promise((r) => setTimeout(r, 1000));
  console.log('bad told', bad.notices);
  const t = Date.now();
  await bad.stop();
  console.log('stop took', Date.now() - t, bad.notices, pid, (sc.receivers as any).pids, ok.notices);
  await new Promise((r) => setTimeout(r, 1000));
  console.log(ok.notices);
  await ok.stop();
  await sc.stop();
})();
