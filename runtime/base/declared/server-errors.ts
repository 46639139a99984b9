// The errors of servers and of the sessions that share them: part of the declared ones.

/** By code. */
export const serverErrors = {
  NO_SERVER: {
    sentence: 'No server runs at {socket}.',
    remedy: 'Start one in another terminal: millrace serve. Without a server, use --master local[*].',
  },
  SERVER_REFUSED: { sentence: 'The server at {socket} does not take this session: {reason}.', remedy: '{remedy}' },
  SERVER_TAKEN: {
    sentence: 'Another server runs at {socket}, in process {pid}.',
    remedy: 'Attach to it with --master serve, end it with millrace serve --stop, or choose another --socket.',
  },
  SERVER_GONE: {
    sentence: 'The server at {socket} is gone: {reason}.',
    remedy: 'Your names are still here, but no job can run. Start the server and a new session.',
  },
  SESSION_FULL: {
    sentence: 'The server has {what} already, but at most {limit} are allowed.',
    remedy: 'Take back what nobody needs: sc.unpublish(name).',
  },
  QUOTA_FULL: {
    sentence: 'This session would have {what} on its server, but its quota is {limit}.',
    remedy: '{advice} Whoever starts the server sets the quota: millrace serve --conf {quota}=…',
  },
  NO_RUNTIME_FOLDER: {
    sentence: 'The socket of a server cannot lie in {folder}: {reason}.',
    remedy: 'Set XDG_RUNTIME_DIR to a folder that only you can enter, or choose a --socket.',
  },
  NOT_SHARED: {
    sentence: '{operation}: this session is not attached to a server, so nobody shares its datasets.',
    remedy: 'Start millrace serve in another terminal, and this session with --master serve.',
  },
  NAME_IN_USE: {
    sentence: 'The name {name} is published already, by {owner}.',
    remedy: 'Choose another name, or write publish(name, { replace: true }).',
  },
  NOT_PUBLISHABLE: { sentence: 'This dataset cannot be published as {name}: {reason}.', remedy: '{remedy}' },
  KEEP_TAKEN: {
    sentence: 'Another server keeps its datasets in {folder}: process {pid}.',
    remedy:
      'Choose another folder for --keep, or end that server. If it has ended already, on another machine or in a container, remove {lock}.',
  },
  NOT_KEPT: {
    sentence: 'The dataset {name} cannot be kept in {folder}: {reason}. It is not published.',
    remedy:
      'Make room there, or take back what nobody needs: sc.unpublish(name). A server without --keep publishes it without files.',
  },
  NOT_PUBLISHED: { sentence: 'Nothing is published as {name}.', remedy: '{remedy}' },
  PUBLISHED_BY_OTHERS: {
    sentence: '{operation}: {name} is published by {owner}, and others read it.',
    remedy: 'Make a dataset of your own from it, such as .map(x => x).',
  },
  NOT_THE_PUBLISHER: {
    sentence: '{operation}: {name} was published by {owner}, which is still there.',
    remedy: 'That session can do it. Once it has ended, anybody may.',
  },
  CLASS_OF_OTHERS: {
    sentence: 'These rows are instances of a class of another session, whose private fields cannot be read here.',
    remedy: 'Turn them into plain objects before they come here: .map(row => ({ … })).',
  },
  MODULES_DIFFER: {
    sentence: 'The published dataset {name} was made with another text of {module} than this session has.',
    remedy: 'Publish it again from a session with the present text, with { replace: true }.',
  },
} as const;
