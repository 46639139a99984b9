// The pages of a session: the frame, the navigation, and the view for the address.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { counted, plain } from './format';
import { JobPage } from './job-view';
import { JobsPage } from './jobs-view';
import { type LinkState, Live } from './live';
import type { Head, PageData, Snapshot, Wanted } from './messages';
import { ClockOffset } from './now';
import { paths, titleOf, wantedOf } from './route';
import { StagePage } from './stage-view';
import { DatasetsPage, ExecutorsPage } from './storage-view';
import { StreamsPage } from './streams-view';

/** The view for the current address, which changes without a reload. */
function useAddress(): [Wanted, (path: string) => void] {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const back = () => setPath(location.pathname);
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
  const go = (to: string) => {
    if (to !== location.pathname) history.pushState(null, '', to);
    setPath(to);
  };
  return [wantedOf(path), go];
}

function useLive(wanted: Wanted): { snapshot: Snapshot | undefined; offset: number; state: LinkState } {
  const [snapshot, setSnapshot] = useState<Snapshot>();
  const [offset, setOffset] = useState(0);
  const [state, setState] = useState<LinkState>('connecting');
  const live = useRef<Live>(undefined);
  const key = JSON.stringify(wanted);
  useEffect(() => {
    if (live.current) {
      live.current.want(wanted);
      return;
    }
    live.current = new Live(wanted, {
      state: setState,
      snapshot(next) {
        setOffset(next.now - Date.now());
        setSnapshot(next);
      },
    });
  }, [key]);
  return { snapshot, offset, state };
}

function App() {
  const [wanted, go] = useAddress();
  const { snapshot, offset, state } = useLive(wanted);
  const title = titleOf(wanted);
  const heading = useRef<HTMLHeadingElement>(null);
  const shownBefore = useRef(title);
  useEffect(() => {
    document.title = `${title} · Millrace`;
    if (shownBefore.current !== title) {
      heading.current?.focus();
      scrollTo(0, 0);
    }
    shownBefore.current = title;
  }, [title]);
  const follow = (event: MouseEvent) => {
    const link = (event.target as Element).closest('a');
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    const href = link?.getAttribute('href');
    if (!href?.startsWith('/') || !isPlain) return;
    event.preventDefault();
    go(href);
  };
  return (
    <ClockOffset.Provider value={offset}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it follows links inside, which have their own keys */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click */}
      <div onClick={follow}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Frame head={snapshot?.head} wanted={wanted} state={state} />
        <main id="main" class={state === 'lost' ? 'stale' : ''}>
          <h1 tabIndex={-1} ref={heading}>
            {title}
          </h1>
          {snapshot ? <View data={snapshot.data} head={snapshot.head} wanted={wanted} /> : <p class="empty">Connecting…</p>}
        </main>
      </div>
    </ClockOffset.Provider>
  );
}

/** The view of the last state, if that state is for the current address. */
function View({ data, head, wanted }: { readonly data: PageData; readonly head: Head; readonly wanted: Wanted }) {
  if (data.page === 'missing' && data.wanted === wanted.page)
    return <p class="empty">There is no such {data.wanted}, or it is too old: the pages remember the last 200 jobs.</p>;
  const shown = data.page === 'job' ? data.job.id : data.page === 'stage' ? data.stage.id : undefined;
  if (data.page !== wanted.page || ('id' in wanted && shown !== wanted.id)) return <p class="empty">…</p>;
  switch (data.page) {
    case 'jobs':
      return <JobsPage data={data} head={head} />;
    case 'job':
      return <JobPage data={data} key={data.job.id} />;
    case 'stage':
      return <StagePage data={data} key={data.stage.id} />;
    case 'datasets':
      return <DatasetsPage data={data} />;
    case 'executors':
      return <ExecutorsPage data={data} />;
    case 'streams':
      return <StreamsPage data={data} />;
    default:
      return null;
  }
}

const sections: Readonly<Record<string, keyof typeof paths>> = { job: 'jobs', stage: 'jobs' };

function Frame({ head, wanted, state }: { readonly head?: Head; readonly wanted: Wanted; readonly state: LinkState }) {
  const here = sections[wanted.page] ?? wanted.page;
  const badges: Readonly<Record<string, number>> = {
    jobs: head?.jobsRunning ?? 0,
    datasets: head?.datasets ?? 0,
    executors: head?.executors ?? 0,
    streams: head?.streams ?? 0,
  };
  return (
    <header>
      <p class="brand">
        <strong>Millrace</strong> {head && <span class="muted">{plain(head.master)}</span>}
      </p>
      <nav aria-label="Pages">
        <ul>
          {(Object.keys(paths) as (keyof typeof paths)[]).map((page) => (
            <li key={page}>
              <a href={paths[page]} aria-current={page === here ? 'page' : undefined}>
                {titleOf({ page })}
                {badges[page] > 0 && <span class="count"> {badges[page]}</span>}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <p class="status">
        {head && (
          <span>
            {head.busy} of {counted(head.slots, 'slot')} busy
          </span>
        )}{' '}
        <span class={`link ${state}`} role="status">
          {state === 'live' ? 'live' : state === 'lost' ? 'the session has ended or does not answer' : 'connecting'}
        </span>
      </p>
    </header>
  );
}

render(<App />, document.getElementById('page')!);
