/** Whether a run fits into the hours a policy gives, by the clock of their time zone. */
import type { Hours } from './project.ts'

const names = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** A moment as the clock on the wall of a zone shows it. */
interface LocalTime {
  date: string
  /** 1 Monday … 7 Sunday. */
  day: number
  /** Minutes since midnight. */
  minute: number
  clock: string
}

/** Why a run from `start` to `end` (ms since the epoch) does not fit, in words; null when it does. */
export function outsideHours(hours: Hours, start: number, end: number): string | null {
  const begins = localTime(start, hours.zone)
  const open = hours.days.includes(begins.day)
  if (!open || begins.minute < hours.from || begins.minute >= hours.to)
    return `it is ${names[begins.day]} ${begins.clock} there; they begin on ${nextOpening(hours, begins)}`
  const last = localTime(end - 1, hours.zone)
  const ends = localTime(end, hours.zone)
  if (last.date !== begins.date || last.minute >= hours.to) return `the run would last until ${names[ends.day]} ${ends.clock}`
  return null
}

function nextOpening({ days, from }: Hours, now: LocalTime): string {
  for (let ahead = 0; ahead <= 7; ahead++) {
    const day = ((now.day - 1 + ahead) % 7) + 1
    if (days.includes(day) && (ahead > 0 || now.minute < from)) return `${names[day]} at ${clockOf(from)}`
  }
  return 'no day'
}

export function clockOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

function localTime(at: number, zone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const minute = Number(part.hour) * 60 + Number(part.minute)
  return { date: `${part.year}-${part.month}-${part.day}`, day: names.indexOf(part.weekday ?? ''), minute, clock: clockOf(minute) }
}
