// What `import … from 'millrace/models'` gives: other models of computation as small libraries on the public API.
export {
  type IterationOptions,
  type IterationResult,
  iterate,
} from './iterative-map-reduce';
export { type Count, Counters, type Emit, type MapOnlyJob, type MapReduceJob, mapReduce } from './map-reduce';
export { type Aggregator, type PregelOptions, type PregelResult, pregel, type SuperstepReport, type Vertex } from './pregel';
export { from, type Grouping, OrderedQuery, Query } from './query';
