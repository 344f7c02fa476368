import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { hideValue, masked, maskedCounts, maskedData, maskedOutput } from '../../src/system/masking.ts'
import { traceOf, withoutTraces } from '../../src/system/secret-traces.ts'

/** Any text from 8 characters on; what is random is not found elsewhere by chance. */
const secret = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 8, maxLength: 60 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 }),
  fc.base64String({ minLength: 8, maxLength: 80 }),
  fc.webUrl({ withQueryParameters: true }),
)
// Without letters and digits, so that no part of the secret comes about by chance.
const around = fc.string({ unit: fc.constantFrom(' ', ':', '(', ')', '|', 'é', '€', '\n'), maxLength: 20 })

/** As Python's json.dumps writes it: ASCII only. */
function asciiJson(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** How a value may be written where somebody shows it. */
const writings: Record<string, (value: string) => string> = {
  'as it is': (value) => value,
  'in an address': encodeURIComponent,
  'in an address, small letters': (value) => encodeURIComponent(value).replace(/%../g, (hex) => hex.toLowerCase()),
  'as a form': (value) => encodeURIComponent(value).replaceAll('!', '%21'),
  'in an address, only in part': encodeURI,
  'in JSON': (value) => JSON.stringify(value).slice(1, -1),
  'in ASCII JSON': asciiJson,
}

describe('masking', () => {
  test('finds any value in any writing, wherever it stands', () => {
    fc.assert(
      fc.property(secret, around, around, fc.constantFrom(...Object.keys(writings)), (value, before, behind, how) => {
        fc.pre(value.isWellFormed())
        const written = writings[how]?.(value) ?? ''
        const text = withoutTraces(before + written + behind, [traceOf(value, 4)])
        assert.ok(!text.includes(written), `${how}: ${JSON.stringify(text)} holds ${JSON.stringify(written)}`)
      }),
      { numRuns: 2_000 },
    )
  })

  test('finds any value in base64, with anything before and behind it', () => {
    const bytes = fc.string({ unit: 'grapheme-ascii', maxLength: 12 })
    fc.assert(
      fc.property(secret, bytes, bytes, fc.constantFrom('base64' as const, 'base64url' as const), (value, user, behind, alphabet) => {
        fc.pre(value.isWellFormed())
        const written = Buffer.from(`${user}:${value}${behind}`).toString(alphabet)
        const text = withoutTraces(`the server has seen “Basic ${written}”`, [traceOf(value, 4)])
        assert.match(text, /^the server has seen “Basic •••”$/)
      }),
      { numRuns: 1_000 },
    )
  })

  test('finds the half of a value where a text was cut short', () => {
    hideValue('tr0ub4dor-and-3-staples')
    for (const cut of [
      'it said tr0ub4dor',
      'it said "tr0ub4d"... is not JSON',
      'key tr0ub4dor-and-3-stapl… (300 more)',
      'staples and no more',
      '..."d-3-staples"',
    ])
      assert.doesNotMatch(masked(cut), /tr0ub4d|-staples|^staples/, cut)
    assert.equal(masked('three staples in a box'), 'three staples in a box')
  })

  test('leaves texts without a value as they are', () => {
    hideValue('nowhere-to-be-seen')
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'.,;% \\"u00n'), maxLength: 40 }), (text) => {
        assert.equal(masked(text), text)
      }),
    )
  })

  test('shows each line of a key of several lines as masked', () => {
    hideValue('-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----')
    assert.equal(masked('line 3: AQEFAASCBKcwggSjAgEAAoIB'), 'line 3: •••')
  })

  test('values that overlap leave nothing between them', () => {
    hideValue('overlap-one')
    hideValue('one-behind-it')
    assert.equal(masked('<overlap-one-behind-it>'), '<•••>')
  })

  test('in data: all texts, but no key, no number, and no word of the protocol', () => {
    hideValue('unit-verified')
    hideValue('81726354')
    const message = { say: 'change', state: 'unit-verified', why: 'it is unit-verified', n: 81726354, looks: [{ seen: 'pid 81726354' }] }
    assert.deepEqual(maskedData(message), { ...message, why: 'it is •••', looks: [{ seen: 'pid •••' }] })
  })

  test('a JSON document that is printed stays one, also when a secret looks like a number in it', () => {
    hideValue('90909.4711')
    const printed = maskedOutput('{\n  "ms": 90909.4711,\n  "why": "took 90909.4711"\n}')
    assert.deepEqual(JSON.parse(printed), { ms: 90909.4711, why: 'took •••' })
    assert.equal(maskedOutput('{ no JSON: 90909.4711'), '{ no JSON: •••')
  })

  test('reasons that become the same are counted together', () => {
    hideValue('key-number-one')
    hideValue('key-number-two')
    assert.deepEqual(maskedCounts({ 'no key-number-one': 2, 'no key-number-two': 3, other: 1 }), { 'no •••': 5, other: 1 })
  })
})
