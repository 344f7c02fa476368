/** The log: a JSON object a line, in the form that tools which read Toxiproxy's log know. */

const levels = { trace: -1, debug: 0, info: 1, warn: 2, error: 3, fatal: 4, panic: 5, disabled: 7 } as const
export type Level = Exclude<keyof typeof levels, 'disabled' | 'panic'>

export type Log = (level: Level, message: string, fields?: Readonly<Record<string, string | number>>) => void

/** Where lines go. */
export interface LogSink {
  write(line: string): void
  /** Nobody takes what is written: more would only fill the memory. */
  full?(): boolean
}

/** `wanted` is the value of LOG_LEVEL: a name in any case, or its number; everything when it is unset or unknown, which is told. */
export function openLog(sink: LogSink, wanted: string | undefined): Log {
  const least = levelOf(wanted ?? 'trace')
  let missed = 0
  const put = (level: Level, message: string, fields: Readonly<Record<string, string | number>>): void => {
    const time = `${new Date().toISOString().slice(0, 19)}Z`
    sink.write(`${JSON.stringify({ level, ...fields, time, ...(message === '' ? {} : { message }) })}\n`)
  }
  const log: Log = (level, message, fields = {}) => {
    if (levels[level] < (least ?? -1)) return
    if (sink.full?.()) return void missed++
    if (missed > 0) put('warn', 'Lines of the log were left out: nobody took them', { lines: missed })
    missed = 0
    put(level, message, fields)
  }
  if (least === null)
    log('error', `unknown LOG_LEVEL value: "${wanted}"`, { error: `Unknown Level String: '${wanted}', defaulting to NoLevel` })
  return log
}

function levelOf(text: string): number | null {
  if (text === '') return levels.trace
  const name = text.toLowerCase()
  if (Object.hasOwn(levels, name)) return levels[name as keyof typeof levels]
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  return number >= -128 && number <= 127 ? number : null
}
