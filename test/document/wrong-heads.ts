/** Wrong documents: what stands in one part, and for each problem its code, its place and its fix. The other parts are in order. */
export type Expected = [code: string, place: string, fix: string]
export type Row = [content: string, ...Expected[]]

export const name: Row[] = [
  ['name: Check Out', ['value-not-allowed', '1:7', '']],
  ['', ['key-missing', '1:1', 'add name: …']],
  ['name: on', ['quote-it', '1:7', 'quote it: "on"']],
  ['name: 12', ['wrong-type', '1:7', 'write "12"']],
  ['name: 010', ['quote-it', '1:7', 'quote it: "010"']],
  ['%YAML 1.1\n---\nname: checkout-freezes', ['yaml-feature', '1:1', 'remove the %YAML line']],
]

export const hypothesis: Row[] = [
  ['hypothesis:', ['wrong-type', '2:1', 'write a value, or remove the key']],
  ['', ['key-missing', '1:1', 'add hypothesis: …']],
  ['hypothesis: a: b', ['syntax', '2:13', 'quote the value']],
]

export const environment: Row[] = [
  ['environment: prod', ['value-not-allowed', '3:14', 'did you mean “production”?']],
  ['environment: stagin', ['value-not-allowed', '3:14', 'did you mean “staging”?']],
  ['', ['key-missing', '1:1', 'add environment: …']],
]

export const traffic: Row[] = [
  ['traffic: { url: http://a/, rate: 50 }', ['quantity', '4:34', 'write 50/s or 50/m']],
  ['traffic: { url: http://a/, rate: 50rps }', ['quantity', '4:34', 'write 50/s']],
  ['traffic: { url: http://a/, rate: 0/s }', ['value-not-allowed', '4:34', '']],
  ['traffic: { url: http://a/, rate: 50/sec }', ['quantity', '4:34', 'write 50/s']],
  ['traffic: { url: http://a/, rate: 1_000/s }', ['quantity', '4:34', 'write 1000/s']],
  ['traffic: { rate: 50/s }', ['key-missing', '4:1', 'write e.g. url: http://localhost:8080/']],
  ['traffic: { url: http://a/ }', ['key-missing', '4:1', 'add rate: …']],
  ['traffic: { url: ftp://a/, rate: 1/s }', ['value-not-allowed', '4:17', '']],
  [
    'traffic: { url: http://a/, rate: 1/s, requests: [{url: http://b/}] }',
    ['value-not-allowed', '4:39', 'keep one of the two: url for one kind of request, requests for several'],
  ],
  ['traffic: { url: http://a/, rate: 1/s, timeuot: 3s }', ['key-unknown', '4:39', 'did you mean “timeout”?']],
  ['traffic: { url: http://a/, rate: 1/s, ok: { status: [9xx] } }', ['wrong-type', '4:54', '']],
  ['traffic: { url: http://a/, rate: 1/s, ok: { body: "(" } }', ['value-not-allowed', '4:51', '']],
  ['traffic: { url: http://a/, rate: 1/s, method: get }', ['value-not-allowed', '4:47', '']],
  ['traffic: { url: http://a/?x=1,2, rate: 1/s }', ['cut-value', '4:31', 'quote it: url: "…,2"']],
  ['traffic: { url: http://a/, rate:1/s }', ['cut-value', '4:28', 'write “rate: 1/s”']],
  ['traffic: { url: "http://a/${secret:X}", rate: 1/s }', ['secret-not-here', '4:17', '']],
  ['traffic: 5', ['wrong-type', '4:10', '']],
  [
    'traffic: { url: ${host}/x, rate: 1/s }',
    ['syntax', '4:18', 'inside { } a comma ends the value and a colon needs a blank: quote the value, e.g. { url: "…" }'],
  ],
  ['traffic: { url: http://a/, rate: 1/s, headers: { x: 12 } }', ['wrong-type', '4:53', 'write "12"']],
  ['traffic: { url: http://a/, rate: 1/s, requests: }', ['cut-value', '4:39', 'quote it, or give it a value']],
  ['traffic: { rate: 1/s, requests: [] }', ['value-not-allowed', '4:33', '']],
  ['traffic: { rate: 1/s, method: POST, requests: [{ url: http://a/ }] }', ['key-unknown', '4:23', 'move method into requests']],
  ['traffic: { rate: 1/s, requests: [{ url: http://a/, weight: 1.5 }] }', ['quantity', '4:60', 'write 2']],
  ['traffic: { url: http://a/, rate: 1/s, timeout: 0s }', ['value-not-allowed', '4:48', '']],
  ['', ['nothing-judged', '1:1', 'add traffic, or a measure with from and max or min']],
  ['measures:\n  error_rate: { max: 5% }', ['from-missing', '5:3', 'declare traffic, or a source and name it with from']],
]

export const whole: Row[] = [
  ['', ['wrong-type', '1:1', '']],
  ['- a', ['wrong-type', '1:1', '']],
  ['x', ['wrong-type', '1:1', '']],
]
