/** The texts of a document as types: a quantity carries its unit, so that `500` and `'50'` do not compile where `'500ms'` does. */
export type DurationText = `${number}${'ms' | 's' | 'm' | 'h'}`
export type ShareText = `${number}%`
export type RateText = `${number}${'/s' | '/m' | '/h'}`
export type SizeText = `${number}${'B' | 'kB' | 'MB' | 'GB' | 'KiB' | 'MiB' | 'GiB'}`
export type BandwidthText = `${number}${'bit' | 'kbit' | 'mbit' | 'gbit'}`
type CountText = `${number}`
/** `${name}` of `vars`, or `${secret:NAME}` where secrets may stand. */
export type VariableText = `\${${string}}`

/** A quantity, or a variable that holds one. */
export type Quantity<T extends string> = T | VariableText
/** A parameter that may move: from one value to another over `ramp`. */
export type Dial<T extends string> = Quantity<T> | `${T}..${T}`

/** What a cell allows: a value, a multiple of baseline, baseline plus or minus `Step`, or anything. */
type Limit<Value extends string, Step extends string> = Value | `${number}x` | `${'+' | '-'}${Step}` | 'none' | VariableText

/** `max` or `min` of a measure whose values read `Value`. A bare number is a count. */
export type Bounds<Value extends string, Step extends string = Value, Bare = never> =
  | Bound<Value, Step, Bare>
  | {
      baseline?: Bound<Value, Step, Bare>
      fault?: Bound<Value, Step, Bare>
      recovery?: Bound<Value, Step, Bare>
      abort?: Bare | Limit<Value, Step> | `${Limit<Value, Step>} for ${DurationText}`
    }

type Bound<Value extends string, Step extends string, Bare> = Bare | Limit<Value, Step> | `${Limit<Value, Step>} after ${DurationText}`

export type DurationBounds = Bounds<DurationText>
export type ShareBounds = Bounds<ShareText, `${number}pp`>
export type RateBounds = Bounds<RateText>
/** Of a measure whose name says nothing about its unit. */
export type AnyBounds = Bounds<
  DurationText | ShareText | RateText | SizeText | BandwidthText | CountText,
  DurationText | `${number}pp` | RateText | SizeText | BandwidthText | CountText,
  number
>
