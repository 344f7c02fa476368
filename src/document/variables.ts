/** `${name}` and `${secret:NAME}`: filling in variables, leaving secrets as references. */
import { SquallError } from '../errors.ts'
import type { Checking } from './check-shape.ts'
import { asMap, type Path, valueAt } from './located.ts'
import { nearest, suggestion } from './nearest.ts'
import { readPlain } from './plain-scalars.ts'
import { quote } from './quantity.ts'
import { varsShape } from './shapes.ts'

const form = /\$\{([^}]*)\}?/g
const secretForm = /^secret:[A-Za-z_][A-Za-z0-9_]*$/

/** `['rate=50/s', …]` of the command line as a table. Throws `usage` for anything else. */
export function parseVars(list: readonly string[] = []): Record<string, string> {
  const vars: Record<string, string> = {}
  for (const item of list) {
    const at = item.indexOf('=')
    if (at <= 0) throw new SquallError('usage', `--var takes NAME=VALUE, not ${quote(item)}.`)
    vars[item.slice(0, at)] = item.slice(at + 1)
  }
  return vars
}

/** Fills every `${name}` of the document in; unknown names and other forms are collected as problems. Gives the filled value. */
export function fillVariables(checking: Checking, given: Readonly<Record<string, string>>): unknown {
  const { located, collect } = checking
  const declared = declaredVariables(checking)
  for (const name of Object.keys(given)) {
    if (declared.has(name)) continue
    const fix = suggestion(name, [...declared.keys()]) ?? `declare it: vars: { ${name}: … }`
    collect.add(['vars'], 'variable-unknown', `--var ${name}: the document has no variable of that name`, { at: 'key', fix })
  }
  for (const [name, value] of Object.entries(given)) declared.set(name, value)
  const used = new Set<string>()
  const fill = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return value.includes('${') ? fillText(checking, value, path, declared, used) : value
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]))
    const map = asMap(value)
    if (!map) return value
    const copy: Record<string, unknown> = Object.create(null)
    for (const [key, item] of Object.entries(map)) copy[key] = path.length === 0 && key === 'vars' ? item : fill(item, [...path, key])
    return copy
  }
  const filled = fill(located.value, [])
  for (const name of declared.keys()) {
    if (!used.has(name) && !Object.hasOwn(given, name))
      collect.add(['vars', name], 'variable-unused', 'this variable is never used', {
        at: 'key',
        severity: 'warning',
        fix: `write \${${name}} where it belongs, or remove it`,
      })
  }
  return filled
}

function declaredVariables({ located, collect }: Checking): Map<string, string> {
  const declared = new Map<string, string>()
  const vars = valueAt(located.value, ['vars'])
  if (vars === undefined) return declared
  const map = asMap(vars)
  if (!map) {
    const at = vars === null ? 'key' : 'value'
    collect.add(['vars'], 'wrong-type', 'expected a map of variables', { at, fix: 'write e.g. { rate: 50/s }' })
    return declared
  }
  for (const [name, value] of Object.entries(map)) {
    const single = varsShape.safeParse({ [name]: value })
    if (!single.success) {
      const issue = single.error.issues[0]
      const message = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message
      const isName = issue?.code === 'invalid_key'
      collect.add(['vars', name], 'wrong-type', message ?? 'expected a single value as default', {
        at: isName ? 'key' : 'value',
        fix: isName ? `write ${name.replace(/\W+/g, '_').replace(/^\d/, '_$&')}` : 'write a text, a number, true or false',
      })
      continue
    }
    const text = located.source(['vars', name]) ?? String(value)
    if (text.includes('${'))
      collect.add(['vars', name], 'variable-form', 'a default is plain text: no ${…} in it', {
        fix: 'use ${secret:NAME} where the secret is needed',
      })
    else declared.set(name, text)
  }
  return declared
}

function fillText(
  { located, collect }: Checking,
  text: string,
  path: Path,
  declared: ReadonlyMap<string, string>,
  used: Set<string>,
): unknown {
  const filled = text.replace(form, (whole, inner: string) => {
    if (whole.endsWith('}') && secretForm.test(inner)) return whole
    const value = declared.get(inner)
    used.add(inner)
    if (whole.endsWith('}') && value !== undefined) return value
    if (!whole.endsWith('}') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(inner)) {
      const meant = inner.match(/[A-Za-z_]\w*/g)?.find((word) => declared.has(word))
      if (meant !== undefined) used.add(meant)
      const forms = inner.startsWith('secret') ? '${secret:NAME}' : '${name} or ${secret:NAME}'
      collect.add(path, 'variable-form', `${quote(whole)} is not understood`, { fix: `write ${meant ? `\${${meant}}` : forms}` })
      return whole
    }
    const near = nearest(inner, [...declared.keys()])
    // A misspelt use is a use: one mistake, one problem.
    if (near !== undefined) used.add(near)
    const fix =
      suggestion(inner, [...declared.keys()]) ??
      (/^[A-Z_]+$/.test(inner) ? `write \${secret:${inner}}, or declare it: vars: { ${inner}: … }` : `declare it: vars: { ${inner}: … }`)
    collect.add(path, 'variable-unknown', `the variable ${quote(inner)} is not declared`, { fix })
    return whole
  })
  // A variable alone in an unquoted scalar stands for whatever its text would be there: a number, true, text.
  return located.plain(path) && /^\$\{[^}]*\}$/.test(text) && filled !== text ? readPlain(filled) : filled
}
