import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeInto, type Shape, type Values } from '../../../src/proxy/toxiproxy/json-decode.ts'
import { readFirstValue } from '../../../src/proxy/toxiproxy/json-read.ts'
import { writeJson } from '../../../src/proxy/toxiproxy/json-write.ts'

/** Each as Go's decoder of Toxiproxy 2.12.0 said it. */
const wrong: Record<string, string> = {
  '': 'EOF',
  ' \n\t ': 'EOF',
  '{': 'unexpected EOF',
  '{"name"': 'unexpected EOF',
  '{"name":': 'unexpected EOF',
  '{"name":"a': 'unexpected EOF',
  '{"name":"a"': 'unexpected EOF',
  nul: 'unexpected EOF',
  '-': 'unexpected EOF',
  '1.': 'unexpected EOF',
  nonsense: "invalid character 'o' in literal null (expecting 'u')",
  '{"a":tru}': "invalid character '}' in literal true (expecting 'e')",
  '{"name":"a" "b"}': "invalid character '\"' after object key:value pair",
  '{"a" 1}': "invalid character '1' after object key",
  '{name:1}': "invalid character 'n' looking for beginning of object key string",
  "{'a':1}": "invalid character '\\'' looking for beginning of object key string",
  '{"a":1,}': "invalid character '}' looking for beginning of object key string",
  '{"a":01}': "invalid character '1' after object key:value pair",
  '{"a":1.}': "invalid character '}' after decimal point in numeric literal",
  '{"a":-}': "invalid character '}' in numeric literal",
  '{"a":1e}': "invalid character '}' in exponent of numeric literal",
  '{"a":"\\x"}': "invalid character 'x' in string escape code",
  '{"a":"\\u12g4"}': "invalid character 'g' in \\u hexadecimal character escape",
  '{"a":"\u0001"}': "invalid character '\\x01' in string literal",
  '{"a":"b\nc"}': "invalid character '\\n' in string literal",
  '{"a":[1,]}': "invalid character ']' looking for beginning of value",
  '{"a":[1 2]}': "invalid character '2' after array element",
  '\ufeff{}': "invalid character 'ï' looking for beginning of value",
  é: "invalid character 'Ã' looking for beginning of value",
  '\u0000': "invalid character '\\x00' looking for beginning of value",
  '+1': "invalid character '+' looking for beginning of value",
}

const read = (text: string): ReturnType<typeof readFirstValue> => readFirstValue(Buffer.from(text))

suite('a body is read as the decoder of Toxiproxy reads it', () => {
  for (const [text, says] of Object.entries(wrong)) test(JSON.stringify(text), () => assert.throws(() => read(text), { message: says }))

  test('what follows the first value is not looked at', () => {
    assert.deepEqual(read(' 5x'), { is: 'number', text: '5' })
    assert.deepEqual(read('{} {'), { is: 'object', fields: [] })
  })

  test('strings: escapes, pairs of surrogates, halves of them, bytes that are no UTF-8', () => {
    assert.deepEqual(read('"a\\n\\u00e9\\ud83d\\ude00\\ud83d\\/"'), { is: 'string', value: 'a\né😀\ufffd/' })
    assert.deepEqual(readFirstValue(Buffer.from([0x22, 0xff, 0x22])), { is: 'string', value: '\ufffd' })
  })

  test('a field may come twice, and the order is kept', () => {
    const fields = [
      ['a', { is: 'null' }],
      ['', { is: 'array', items: [{ is: 'bool', value: false }] }],
      ['a', { is: 'number', text: '-1.50e+2' }],
    ]
    assert.deepEqual(read('{"a":null,"":[false],"a":-1.50e+2}'), { is: 'object', fields })
  })

  test('a body of brackets alone does not reach the end of the stack', () => {
    assert.throws(() => read('['.repeat(1_000_000)), { message: 'exceeded max depth' })
    assert.doesNotThrow(() => read(`${'['.repeat(10_000)}${']'.repeat(10_000)}`))
  })
})

const shape: Shape = {
  name: 'Outer',
  type: 'our.Outer',
  fields: {
    name: { is: 'string' },
    on: { is: 'bool' },
    share: { is: 'float32' },
    inner: { is: 'shape', shape: { name: 'Inner', type: 'our.Inner', fields: { rate: { is: 'int64' } } } },
  },
}
const decode = (text: string, start: Values = {}): Values => decodeInto(read(text), shape, start)

suite('a body is laid over what is there', () => {
  test('names match in any case, null and unknown fields change nothing, the last of two wins', () => {
    assert.deepEqual(decode('{"NAME":"a","name":"b","on":null,"x":[{}]}', { on: true }), { name: 'b', on: true })
    assert.deepEqual(decode('null', { on: true }), { on: true })
  })

  test('whole numbers keep all their digits', () => {
    const inner = { rate: 9_223_372_036_854_775_807n }
    assert.deepEqual(decode('{"inner":{"rate":9223372036854775807}}'), { inner })
    assert.equal(writeJson({ inner }), '{"inner":{"rate":9223372036854775807}}')
  })

  test('fields of an object inside are laid over its own', () => {
    assert.deepEqual(decode('{"inner":{"RATE":2}}', { inner: { rate: 1n } }), { inner: { rate: 2n } })
    assert.deepEqual(decode('{"inner":{}}', { inner: { rate: 1n } }), { inner: { rate: 1n } })
  })

  const mismatches: Record<string, string> = {
    '[]': 'array into Go value of type our.Outer',
    '{"name":5}': 'number into Go struct field Outer.name of type string',
    '{"name":{}}': 'object into Go struct field Outer.name of type string',
    '{"on":"yes"}': 'string into Go struct field Outer.on of type bool',
    '{"share":1e40}': 'number 1e40 into Go struct field Outer.share of type float32',
    '{"inner":5}': 'number into Go struct field Outer.inner of type our.Inner',
    '{"inner":{"rate":5.5}}': 'number 5.5 into Go struct field Inner.inner.rate of type int64',
    '{"inner":{"rate":1e3}}': 'number 1e3 into Go struct field Inner.inner.rate of type int64',
    '{"inner":{"rate":9223372036854775808}}': 'number 9223372036854775808 into Go struct field Inner.inner.rate of type int64',
    '{"name":5,"on":"second"}': 'number into Go struct field Outer.name of type string',
  }
  for (const [text, says] of Object.entries(mismatches))
    test(text, () => assert.throws(() => decode(text), { message: `json: cannot unmarshal ${says}` }))
})

suite('JSON is written as Toxiproxy writes it', () => {
  test('numbers of 32 bits as short as they can be', () => {
    for (const [sent, written] of [
      ['0.1', '0.1'],
      ['1e-7', '1e-7'],
      ['1e21', '1e+21'],
      ['123456789.123', '123456790'],
      ['0.123456789', '0.12345679'],
    ]) {
      assert.equal(writeJson(decode(`{"share":${sent}}`)), `{"share":${written}}`)
    }
  })

  test('letters that are special in HTML are escaped, and names keep their order', () => {
    assert.equal(writeJson('<é&>\u2028"\\'), '"\\u003cé\\u0026\\u003e\\u2028\\"\\\\"')
    assert.equal(
      writeJson(
        new Map([
          ['10', null],
          ['9', []],
        ]),
      ),
      '{"10":null,"9":[]}',
    )
  })
})
