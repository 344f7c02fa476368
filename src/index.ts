/** What the library exports. */
export { experiment } from './document/define.ts'
export type { Experiment, Fault, Measure, TargetSpec, Traffic } from './document/experiment.ts'
export { type ErrorCode, SquallError } from './errors.ts'
export type { AnyInjector, Change, Context, Injector, Json, Look, Need, Schema, Target } from './faults/injector.ts'
export type { Check, Reading, Source, SourceContext, SourceModule, Window } from './measures/source.ts'
export type { ChangeRecord, ChangeState, PhaseWindow, RunData, Sample, TrafficSecond } from './records/run-data.ts'
export { judge } from './verdict/judge.ts'
export type { Verdict } from './verdict/verdict.ts'
