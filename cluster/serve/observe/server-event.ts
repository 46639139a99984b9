// What happened in a server, as plain data: for its log and its figures.

export type ServerEvent =
  | { readonly event: 'serverStarted'; readonly master: string; readonly pid: number }
  | { readonly event: 'serverStopped' }
  | { readonly event: 'sessionAttached'; readonly session: number; readonly name: string; readonly pid: number }
  | { readonly event: 'sessionResumed'; readonly session: number }
  | { readonly event: 'sessionEnded'; readonly session: number; readonly reason?: string }
  | { readonly event: 'jobStarted'; readonly session: number; readonly job: number; readonly title: string }
  | { readonly event: 'jobEnded'; readonly session: number; readonly job: number; readonly status: string; readonly ms: number }
  | { readonly event: 'taskEnded'; readonly end: string }
  | { readonly event: 'executorAdded'; readonly executor: string }
  | { readonly event: 'executorRemoved'; readonly executor: string; readonly reason: string }
  | { readonly event: 'published'; readonly name: string; readonly owner: string }
  | { readonly event: 'unpublished'; readonly name: string }
  | { readonly event: 'notice'; readonly text: string }
  /** Of a script that the server runs. */
  | { readonly event: 'residentStarted'; readonly file: string; readonly pid: number }
  | { readonly event: 'residentEnded'; readonly file: string; readonly reason: string };

export type ServerObserver = (event: ServerEvent) => void;
