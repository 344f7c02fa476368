/** Texts with rules of their own: each check says what is wrong and what to write instead, or undefined. */
import { nearest } from './nearest.ts'
import { quote, type Reading, type Refusal } from './quantity.ts'

export type WrongText = Omit<Refusal, 'ok'> | undefined

/** Names of experiments and faults become parts of file names and labels. */
export const nameRule = /^[a-z0-9][a-z0-9-]{0,62}$/

export function wrongName(value: string): WrongText {
  // What is empty or holds an unknown variable has been told already.
  if (value === '' || value.includes('${') || nameRule.test(value)) return undefined
  const mended = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 63)
    .replace(/-$/, '')
  const message = 'a name is made of a-z, 0-9 and -, at most 63 characters, and begins with a letter or digit'
  return { message, fix: `write ${mended === '' ? 'e.g. checkout-freeze' : mended}` }
}

/** Before the path it would decide who is asked. */
export function secretBeforePath(value: string): WrongText {
  if (!/^[^/]*\/\/[^/?#]*\$\{secret:/.test(value)) return undefined
  return { message: 'a secret can only stand in the path or the query of an address', fix: 'write it behind the host, or into a header' }
}

/** References to secrets count as a word. */
export function wrongUrl(written: string): WrongText {
  const value = written.replaceAll(/\$\{secret:\w+\}/g, 'x')
  if (value === '' || value.includes('${')) return undefined
  if (/^https?:\/\/[^\s/]/.test(value) && URL.canParse(value) && !/\s/.test(value)) return undefined
  const message = 'expected an address such as http://localhost:8080/'
  if (/\s/.test(value)) return { message: `${message}, without blanks`, fix: 'write %20 for a blank' }
  const bare = value.replace(/^[A-Za-z]+:\/+/, '')
  const whole = /^[\w-]+(?:\.[\w-]+)*(?::\d+)?(?:\/|$)/.test(bare) && URL.canParse(`http://${bare}`)
  return { message, fix: whole ? `write http://${bare}` : 'write the whole address, e.g. http://localhost:8080/orders' }
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

export function wrongMethod(value: string): WrongText {
  if (value === '' || value.includes('${') || /^[A-Z]{3,20}$/.test(value)) return undefined
  return { message: 'expected a method such as GET or POST, in capitals', fix: `write ${nearest(value, methods) ?? 'GET'}` }
}

export function wrongPattern(value: string): WrongText {
  try {
    new RegExp(value, 'u')
    return undefined
  } catch {
    return { message: 'is not a regular expression', fix: 'write \\ before each of ( ) [ ] { } . * + ? that stands for itself' }
  }
}

const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

export function readStatus(source: string | number): Reading<number | (typeof classes)[number]> {
  const found = classes.find((one) => one === source)
  if (found) return { ok: true, value: found }
  const status = Number(source)
  if (Number.isInteger(status) && status >= 100 && status <= 599) return { ok: true, value: status }
  const meant = classes.find((one) => one === String(source).toLowerCase().replaceAll('*', 'x'))
  return {
    ok: false,
    message: `${quote(String(source))} is no status`,
    fix: `write ${meant ?? 'a status such as 200, or a class such as 2xx'}`,
  }
}
