/** The log: a JSON object a line, in the form that tools which read Toxiproxy's log know. */

const levels = { trace: -1, debug: 0, info: 1, warn: 2, error: 3, fatal: 4, panic: 5, disabled: 7 } as const
export type Level = Exclude<keyof typeof levels, 'disabled' | 'panic'>

export type Log = (level: Level, message: string, fields?: Readonly<Record<string, string | number>>) => void

/** `wanted` is the value of LOG_LEVEL: a name in any case, or its number; everything when it is unset or unknown, which is told. */
export function openLog(write: (line: string) => void, wanted: string | undefined): Log {
  const least = levelOf(wanted ?? 'trace')
  const log: Log = (level, message, fields = {}) => {
    if (levels[level] < (least ?? -1)) return
    const time = `${new Date().toISOString().slice(0, 19)}Z`
    write(`${JSON.stringify({ level, ...fields, time, ...(message === '' ? {} : { message }) })}\n`)
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
