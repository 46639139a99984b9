// The errors of Millrace: code, sentence and remedy of each, declared in one place; those of servers, connectors and notebooks beside it.
import { connectorErrors } from './declared/connector-errors';
import { notebookErrors } from './declared/notebook-errors';
import { serverErrors } from './declared/server-errors';

interface Declared {
  /** What happened; `{name}` is filled from the error's details. */
  readonly sentence: string;
  /** What the user can do about it. */
  readonly remedy: string;
}

/** By code. */
export const declared = {
  BAD_OPTION: { sentence: '{option} is {value}, but must be {rule}.', remedy: 'Choose a value in that range.' },
  UNKNOWN_OPTION: { sentence: 'There is no option {option}.', remedy: '{remedy}' },
  BAD_ARGUMENT: { sentence: '{operation}: {argument} is {value}, but must be {rule}.', remedy: '{remedy}' },
  BAD_MASTER: { sentence: 'The master "{master}" is not understood.', remedy: '{remedy}' },
  NO_SPARK: { sentence: 'Spark cannot run here: {reason}.', remedy: '{remedy}' },
  NO_WORKER: { sentence: 'Spark on {host} cannot run functions: {reason}.', remedy: '{remedy}' },
  SPARK_FAILED: {
    sentence: 'Spark gave the job up: {reason}',
    remedy: 'The pages of Spark and its log have more.',
  },
  NO_PAGES: {
    sentence: 'The pages cannot be opened: {reason}.',
    remedy: 'See .jobs, .executors and .streams at the prompt. If files are missing, npm run build makes them.',
  },
  NO_SUCH_PATH: { sentence: 'There is nothing at {path}.', remedy: 'Check the spelling; the path is relative to {folder}.' },
  NOT_A_FOLDER: {
    sentence: '{path} is a file, but a folder is needed to find new files in.',
    remedy: "Give its folder, {parent}, and choose the file by { filter: name => name === '{name}' }.",
  },
  NOT_A_MULTIPLE: {
    sentence: "{operation}: {argument} is {value}, which is no multiple of the stream's slide of {slide}.",
    remedy: '{remedy}',
  },
  UNEQUAL_SLIDES: {
    sentence: '{operation}: {left} and {right} have different slides.',
    remedy: 'Give both the same slide, for example by .window(length, slide).',
  },
  NO_OUTPUTS: {
    sentence: 'The streaming context has no outputs, so its batches would do nothing.',
    remedy: 'Add one first: print(), watch(), foreachRDD(f) or save(folder).',
  },
  STREAMING_STOPPED: {
    sentence: 'This streaming context has stopped.',
    remedy: "Make a new one: stream('1s') at the prompt, new StreamingContext(sc, '1s') in a program.",
  },
  NAME_TAKEN: {
    sentence: 'Another stream is named {name}.',
    remedy: 'Choose another name: after a restart, a stream finds its state by its name.',
  },
  NOT_A_DATASET: {
    sentence: '{operation}: the function returned {value} for the batch of {time}, but must return an RDD.',
    remedy: 'Return the dataset itself, without await; for actions use foreachRDD.',
  },
  SOURCE_FAILED: {
    sentence: '{stream} could not be read for the batch of {batch}: {reason}',
    remedy: 'The batch has nothing of this source. Mend the cause: later batches read what has arrived meanwhile.',
  },
  BATCH_FORGOTTEN: {
    sentence: 'What {stream} received for the batch of {time} is not there any more: the stream has forgotten this batch.',
    remedy: "Write remember('5m') on the stream to query its past for so long, or collect what you need of a batch at once.",
  },
  NO_RECEIVERS: {
    sentence: 'This context cannot run receivers.',
    remedy: 'Make the context with connect(master), as the shell does, or set ContextOptions.receivers.',
  },
  RECEIVER_NOT_STARTED: {
    sentence: "A receiver was used before onStart was called in the receiver's own process.",
    remedy: 'Pass it to receiverStream, and call store only once onStart has been called.',
  },
  NOT_LINES: {
    sentence: 'storeBytes needs a stream of lines, but this one has elements of any kind.',
    remedy: 'Make the stream with receiverStream(receiver, { lines: true }).',
  },
  RECEIVER_OVERRUN: {
    sentence: 'The receiver stored faster than the streams process, without waiting: {lost} elements were dropped.',
    remedy: 'Await store(…) before you take more from the source.',
  },
  STATE_NEEDS_CHECKPOINT: {
    sentence: '{stream} has state, but no checkpoint folder was chosen.',
    remedy:
      "Before start(), call ssc.checkpoint('folder'), at the prompt stream().checkpoint('folder'). The folder must be on a disk that outlives the session.",
  },
  WINDOW_NEEDS_CHECKPOINT: {
    sentence: '{stream} passes its window on from batch to batch in files, which executors on other machines must see.',
    remedy:
      "Before start(), call ssc.checkpoint('folder') with a folder on a disk that all nodes see; or give {operation} no inverse function.",
  },
  STREAMING_STARTED: { sentence: '{operation}: the streaming context has already started.', remedy: 'Call it before start().' },
  CHECKPOINT_EXISTS: {
    sentence: '{path} is the checkpoint of an earlier run.',
    remedy:
      "Resume it: StreamingContext.getOrCreate(folder, ssc => { … }, { sc, interval: '1s' }). Or choose another folder, or remove this one.",
  },
  CHECKPOINT_UNSAFE: {
    sentence: 'The checkpoint folder cannot be trusted: {path} {reason}.',
    remedy: 'Choose a folder of your own, by its real path. Millrace follows no links in it and reads nothing of other users.',
  },
  CHECKPOINT_IN_USE: {
    sentence: '{folder} is the checkpoint folder of a program that runs: {owner}.',
    remedy: 'Stop that program first, or choose another folder. The folder is free as soon as the program has ended.',
  },
  CHECKPOINT_TAKEN_OVER: {
    sentence: '{folder} was taken over by another program, while this one did not answer: {owner}.',
    remedy: 'This program writes no checkpoints any more. Stop it; the other one goes on from the last one.',
  },
  CHECKPOINT_UNREADABLE: {
    sentence: 'No checkpoint in {folder} can be read. {reasons}',
    remedy: 'Restore one of the files from a copy, or start over with another folder.',
  },
  STREAMS_AMBIGUOUS: {
    sentence:
      'The checkpoint has {saved} unnamed streams of {operation} ({names}), the program has {streams}: they cannot be matched.',
    remedy: "Name them before start(): setName('{name}') gives a stream the state that the checkpoint has under that name.",
  },
  STATE_PARTITIONS: {
    sentence: 'The state of {stream} has {saved} partitions, but its partitioner has {asked}.',
    remedy: 'Give the partitioner {saved} partitions, as in the earlier run.',
  },
  STATE_LOST: {
    sentence: 'A state file of a stream is missing or damaged: {path}: {reason}.',
    remedy: 'Restore that file from a copy. Otherwise start over with a new checkpoint folder; the earlier state is then lost.',
  },
  FAILED_BEFORE: {
    sentence: 'The batch of {time} of {stream} failed before the restart: {reason}',
    remedy: 'A window has values again once that batch has left it.',
  },
  STATE_TOO_LARGE: {
    sentence: '{operation}: partition {partition} of the state has {keys} keys and takes {bytes} bytes; the limit is {limit}.',
    remedy: 'Use more partitions and executors, set a larger --executor-memory, or drop keys, for example by a timeout.',
  },
  BAD_STATE_CALL: {
    sentence: '{operation}: state.{call}() was called for the key {key}, but {reason}.',
    remedy: 'Check state.exists() and state.isTimingOut() first.',
  },
  NOT_INVERSE: {
    sentence:
      '{operation}: the inverse function does not undo the reduce function. For the key {key} it leaves {got}, but the batches hold {expected}.',
    remedy: 'inverse(f(a, b), b) must be a. If there is no such function, leave it out.',
  },
  CHECK_FAILED: {
    sentence: 'Batch {batch} is {got}, but {expected} was expected.',
    remedy: 'Compare the operation with what is expected.',
  },
  NO_FILES: {
    sentence: '{path} matches no file.',
    remedy: 'Correct the pattern. Names that begin with . or _ are skipped; a backslash makes * ? [ { plain.',
  },
  UNREADABLE_FILE: {
    sentence: '{path} cannot be read: {reason}.',
    remedy: 'Check that the file is still there: it was when its dataset was made.',
  },
  UNREADABLE_TABLE: { sentence: '{path} cannot be read as {format}: {reason}.', remedy: 'Check that the file is whole.' },
  BAD_ROW: {
    sentence: '{where}: the row cannot be read: {reason}.',
    remedy: "Correct the file. The option onBadRow: 'skip' goes on without such rows.",
  },
  BAD_VALUE: {
    sentence: '{where}, column {column}: {value} is not {wanted}, {rule}.',
    remedy: 'Give the column another type by the option types.',
  },
  UNWRITABLE_ROW: {
    sentence: '{where}: the row cannot be written: {reason}.',
    remedy: 'Map the rows first, or give the columns types by the option types.',
  },
  UNWRITABLE_COLUMN: {
    sentence: '{operation}: the column {column} holds {kinds}, and a column of such a file has values of one type.',
    remedy: "Map the rows first, or write it as text: { types: { name: 'text' } }.",
  },
  FILE_CHANGED: {
    sentence: '{path} has changed since its dataset was made: {reason}.',
    remedy: 'Make the dataset again to read the file as it is now. cache() or checkpoint() saves rows before their file changes.',
  },
  OUTPUT_EXISTS: {
    sentence: 'The output folder {path} already exists{reason}.',
    remedy: 'Choose another folder; { overwrite: true } of saveAs… replaces an earlier save. Nothing was written.',
  },
  NOT_A_ROW: {
    sentence: '{operation} needs rows that are objects, but got {element}.',
    remedy: 'Make rows with columns first: rdd.map(([page, n]) => ({ page, n })).',
  },
  NOT_A_LIST: {
    sentence: '{operation} needs a list in the column {column}, but got {value}.',
    remedy: 'Choose a column of lists, or split it first: withColumn(name, row => row.text.split(" ")).',
  },
  NOT_A_PAIR: {
    sentence: '{operation} needs pairs [key, value], but an element is {element}.',
    remedy: 'Make pairs first, for example .map(x => [x, 1]) or .keyBy(f).',
  },
  PROMISE_NOT_AWAITED: { sentence: 'The function of {operation} returned {answer}, which was not awaited.', remedy: '{remedy}' },
  NOT_ITERABLE: {
    sentence: '{operation} must return something to iterate over, but returned {value}.',
    remedy: 'Return an array, or another iterable; for a single element use map.',
  },
  BAD_KEY: {
    sentence: '{key} cannot be a key: {reason}.',
    remedy: 'Use strings, numbers, bigints, booleans, null, dates, or arrays and plain objects of these.',
  },
  NOT_COMPARABLE: {
    sentence: '{left} and {right} cannot be compared.',
    remedy: 'Sort by values of one kind: all numbers, all strings, all dates, or tuples of these.',
  },
  UNEQUAL_ZIP: {
    sentence: 'zip: partition {index} has {left} elements on the left and {right} on the right.',
    remedy: 'Both need the same number in each partition. Otherwise number both by zipWithIndex and join them by that number.',
  },
  BAD_PARTITION: {
    sentence: 'The partitioner {partitioner} gave {value} for the key {key}, but must give {rule}.',
    remedy: 'Correct its getPartition, for example with Math.abs(hash) % numPartitions.',
  },
  COMMAND_FAILED: {
    sentence: 'The command "{command}" failed: {reason}.',
    remedy: 'Try it in a terminal on a few lines. It must read all its input and exit with status 0.',
  },
  BAD_OBJECT_FILE: {
    sentence: '{path} is not a complete object file: {reason}.',
    remedy: 'Read only files that saveAsObjectFile of this version wrote. If it is an incomplete copy, copy it again.',
  },
  EMPTY_DATASET: {
    sentence: '{operation} of an empty dataset.',
    remedy: 'Use fold or aggregate with a zero value, or check isEmpty() first.',
  },
  UNSHIPPABLE_VALUE: { sentence: '{value} cannot leave its process: {reason}.', remedy: '{remedy}' },
  UNSERIALIZABLE_CAPTURE: {
    sentence: '{operation} cannot ship its function: it captures {reason}.\n  path: {path}',
    remedy: '{remedy}',
  },
  PACKAGE_INSTANCE: {
    sentence:
      'A function captures an instance of {name}, whose package gives that class its methods late: it has no {missing} on this executor.',
    remedy:
      'Make the instance in a module of your own and import it from there, or make it inside the function: each executor then has its own.',
  },
  BUILTINS_CHANGED: {
    sentence:
      'A function that runs on executors changed {names}, which the executor itself calls: what the task computed may be wrong.',
    remedy: 'Leave built-ins as they are inside of functions; a new method under a name of your own is fine.',
  },
  NESTED_DATASET: {
    sentence: '{what} was used inside a function that runs on executors, where there are no datasets.\n  path: {path}',
    remedy: 'Use join, or collect() the smaller dataset first and capture the result.',
  },
  TASK_FAILED: {
    sentence: '{error}',
    remedy: 'Correct the function at that place, or first filter out the elements that it cannot handle.',
  },
  EXECUTORS_LOST: {
    sentence: 'Task {partition} of stage {stage} ({places}) was lost {attempts} times with its executor ({reason}).',
    remedy: 'The function may exhaust memory or end the process. Try more partitions, or run it on a few elements with take.',
  },
  SHUFFLE_LOST: {
    sentence: 'Stage {stage} could not read its input in {attempts} attempts: {reason}.',
    remedy: 'Check the disk that holds the temporary folder.',
  },
  RESULT_TOO_BIG: {
    sentence: 'The result is larger than {limit} ({bytes} so far).',
    remedy: 'Use take(n), toLocalIterator() or saveAsTextFile(folder), or raise maxResultBytes.',
  },
  TOO_LARGE_TO_SEND: {
    sentence: '{what} is too large for an executor: it has {size}, and the limit is {limit}.',
    remedy: 'Split the value into several broadcasts, use fewer of them, or let the tasks read it from a file.',
  },
  BARRIER_TOO_WIDE: {
    sentence: 'Stage {stage} has a barrier and {asked} partitions, which must all run at once, but there are only {slots} slots.',
    remedy: 'Use coalesce({slots}) before barrier(), or a master with more executors: local[{asked}].',
  },
  BARRIER_FAILED: {
    sentence: '{operation}: {reason}.',
    remedy:
      'Every task of the stage must call barrier() and allGather() equally often. Check that none ends early or waits for something else.',
  },
  NOT_IN_A_TASK: {
    sentence: '{operation} was called outside of {where}.',
    remedy: 'Call it inside a function that runs on executors, such as one given to {example}.',
  },
  FILE_NOT_ADDED: {
    sentence: 'There is no added file {name}.',
    remedy: 'Add it with sc.addFile(path) before the job. Added so far: {names}.',
  },
  JOB_CANCELLED: {
    sentence: 'The job was cancelled{reason}.',
    remedy: 'Variables, persisted data and streams are unchanged; run the line again when you like.',
  },
  NO_EXECUTORS: {
    sentence: 'No executor could be started: {reason}.',
    remedy: 'Try --master local, which runs in this process, to see the cause.',
  },
  CONTEXT_STOPPED: {
    sentence: 'This context was stopped.',
    remedy: 'Make a new one with connect(master), or start the shell again.',
  },
  LINEAGE_TOO_LONG: {
    sentence: 'The lineage of {name} is too long for one job to plan.',
    remedy: 'Every hundred rounds or so, call checkpoint() or localCheckpoint() on it and run an action: its lineage ends there.',
  },
  LEVEL_CHANGED: { sentence: 'The storage level of {name} is already {level}.', remedy: 'Call unpersist() first.' },
  NO_CHECKPOINT_DIR: {
    sentence: '{name} cannot be checkpointed: no folder was chosen for it.',
    remedy: 'Call sc.setCheckpointDir(folder) first, or use localCheckpoint(), which needs none.',
  },
  DUPLICATE_VERTEX: {
    sentence: 'The graph has more than one vertex {id}.',
    remedy: 'Keep one of each: vertices.reduceByKey((a, b) => a).',
  },
  MISSING_VERTEX: {
    sentence: 'There is no vertex {id}, but {by} leads to or from it.',
    remedy: "Add the vertex, or choose what happens to such edges and messages: missing: 'drop', or missing: (id) => value.",
  },
  NOT_SINGLE: {
    sentence: '{operation} found more than one element: {first}, {second}.',
    remedy: 'Use first(), or narrow it with where().',
  },
  CHECKPOINT_LOST: {
    sentence: 'A checkpointed partition is missing or damaged, and its lineage was dropped: {path}: {reason}.',
    remedy: 'Make the dataset again from its sources.',
  },
  GROUP_ON_DISK: {
    sentence: 'A group of {length} values is read from disk and cannot be changed.',
    remedy: 'Iterate over it, or map it to something smaller; reduceByKey or aggregateByKey need no groups at all.',
  },
  GROUP_GONE: {
    sentence: 'A group of {length} values was read after its task had ended.',
    remedy: 'Keep what you compute from a group, such as its sum, not the group itself.',
  },
  CORRUPT_FILE: {
    sentence: '{path} is damaged: {reason}.',
    remedy: 'Run the job again: it recomputes the file from its lineage.',
  },
  DISK: {
    sentence: 'Writing {path} failed: {reason}.',
    remedy: 'Free some space, or write to a larger disk. TMPDIR sets where the session puts its files.',
  },
  NO_TEMPORARY_FOLDER: {
    sentence: 'The session cannot put its files into {folder}: {rule}.',
    remedy: 'Make the folder, or name another one: TMPDIR=/var/tmp millrace.',
  },
  PROTOCOL: {
    sentence: 'Another process sent an invalid message: {reason}.',
    remedy: 'Run the same version of Millrace on both sides.',
  },
  MODULE_NOT_FOUND: {
    sentence: 'The module {module} cannot be loaded on an executor: {reason}.',
    remedy: 'Import it in the shell first, by a path that the executors can read.',
  },
  TYPE_SERVICE: {
    sentence: 'The type service ended: {reason}.',
    remedy: 'It restarts with the next line; your variables are unchanged.',
  },
  UNFINISHED_SCRIPT: {
    sentence: '{label} ends in the middle of a statement.',
    remedy: 'Close what is open there: a bracket, a quote, a comment.',
  },
  NESTED_LOAD: {
    sentence: '{file} cannot be loaded here: {reason} ({chain}).',
    remedy: 'Take the .load line out of one of these files.',
  },
  FILE_EXISTS: { sentence: '{path} exists already: {rule}.', remedy: '{remedy}' },
  UNKNOWN_DATASET: {
    sentence: 'The engine does not know dataset {id}: it was never defined, or was released.',
    remedy: 'Make the dataset again. If it was in use, please report this with the lines that you ran.',
  },
  MISSING_BLOB: {
    sentence: 'The session no longer has the blob {id}, which a task needs.',
    remedy: 'Make the dataset again, or broadcast the value again.',
  },
  BAD_NODE: {
    sentence: 'This version of Millrace cannot read {what}: {reason}.',
    remedy: 'Run the same version of Millrace on both sides.',
  },
  INTERNAL: {
    sentence: 'Millrace broke one of its own rules: {reason}.',
    remedy: 'Please report this with the line that led to it.',
  },
  BAD_SQL: { sentence: 'The query cannot be answered: {message}.{excerpt}', remedy: '{remedy}' },
  NO_SQL: {
    sentence: 'The context on {master} cannot run queries in SQL.',
    remedy:
      'Open one on local, local[N] or local[*], or attach to a server of your own on this machine: connect(master), or --master of the shell.',
  },
  SQL_ENGINE_LOST: {
    sentence: 'The engine of SQL ended during a query: {reason}.',
    remedy: 'The next query starts another one; no name is lost. If the query needs much memory, raise sqlMemoryMb.',
  },
  ...serverErrors,
  ...notebookErrors,
  ...connectorErrors,
} as const satisfies Record<string, Declared>;
