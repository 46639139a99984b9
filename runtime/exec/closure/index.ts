// The door of the closure package: instrument what is emitted, capture a function with what it uses, revive it elsewhere.
export { type AnalyzeOptions, analyze, namesOf } from './analyze';
export { type Bulk, type Capture, type CapturedName, type CaptureOptions, capture } from './capture';
export { classByKey, classKeyOf, makeInstance, privatesOf, type Side } from './class-registry';
export { EditedText, Edits } from './edits';
export type { FunctionFacts } from './facts';
export { type InstrumentOptions, instrument } from './instrument';
export { type DriverOnly, driverOnly, type Reference, type TravelsAs, travelsAs } from './markers';
export { openClasses } from './open-classes';
export type { CapturedClosure, ShippedScript } from './payload';
export { isUserScript, mapFrame } from './position';
export { type ReviveEnvironment, revive } from './revive';
export type { Analysis, Binding, DeclaredIdentifier, FunctionInfo, Scope } from './scope';
export type { CaptureWarning } from './warn';
