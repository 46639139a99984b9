// The door of the closure package: instrument what is emitted, capture a function with what it uses, revive it elsewhere.

export { type DriverOnly, driverOnly, type Reference, type TravelsAs, travelsAs } from '../base/markers';
export type { CapturedClosure, ShippedScript } from '../plan/payload';
export { type Bulk, type Capture, type CapturedName, type CaptureOptions, capture } from './capture/capture-function';
export type { CaptureWarning } from './capture/capture-warnings';
export { classByKey, classKeyOf, makeInstance, privatesOf, type Side } from './classes/class-registry';
export type { FunctionFacts } from './function-facts';
export { type AnalyzeOptions, analyze } from './instrument/analyze';
export { namesOf } from './instrument/declarations';
export { EditedText, Edits } from './instrument/edits';
export { type InstrumentOptions, instrument } from './instrument/instrument';
export { shippedModuleText } from './instrument/module-text';
export type { Analysis, Binding, DeclaredIdentifier, FunctionInfo, Scope } from './instrument/scope';
export { isUserScript, mapFrame } from './position';
export { type ReviveEnvironment, revive } from './revive/revive';
