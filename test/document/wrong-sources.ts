/** Wrong documents: sources, proxies and variables. */
import type { Row } from './wrong-row.ts'

export const sources: Row[] = [
  ['sources: { app: { type: prometheus, url: http://a/ } }', ['not-available-yet', '5:25', 'available: endpoint, your own ./file.ts']],
  ['sources: { app: { type: endpont, url: http://a/ } }', ['value-not-allowed', '5:25', 'did you mean “endpoint”?']],
  [
    'sources: { app: { type: ./x.ts, url: http://a/ } }',
    ['module-missing', '5:25', 'check the path: it is taken from the folder of the document'],
    ['key-unknown', '5:33', 'possible here: with'],
  ],
  [
    'sources: { app: { type: ./x.yaml } }',
    ['value-not-allowed', '5:25', 'write it in TypeScript, or start the program with type: command'],
  ],
  ['sources: { app: { type: x.ts } }', ['value-not-allowed', '5:25', 'write ./x.ts']],
  [
    'sources: { app: { type: ./x.ts, with: 5 } }',
    ['module-missing', '5:25', 'check the path: it is taken from the folder of the document'],
    ['wrong-type', '5:39', 'write e.g. with: { queue: orders }'],
  ],
  ['sources: { app: { url: x } }', ['key-missing', '5:12', 'possible: endpoint, your own ./file.ts']],
  ['sources: { app: { type: endpoint } }', ['key-missing', '5:12', 'add url: …']],
  ['sources: { app: { type: endpoint, url: x, timeout: 3 } }', ['quantity', '5:52', 'write 3ms or 3s']],
  ['sources: { traffic: { type: endpoint, url: x } }', ['value-not-allowed', '5:12', 'give it another name']],
  ['sources: [x]', ['wrong-type', '5:10', 'write e.g. app: { type: endpoint, url: http://localhost:8080/metrics }']],
  ['sources: { app: 3 }', ['wrong-type', '5:17', 'write e.g. { type: endpoint, url: http://localhost:8080/metrics }']],
  ['sources: { app: { typ: endpoint, url: http://a/ } }', ['key-unknown', '5:19', 'did you mean “type”?']],
  ['sources: { app: { type: [endpoint], url: http://a/ } }', ['wrong-type', '5:25', 'possible: endpoint, your own ./file.ts']],
  ['sources: { app: endpoint }', ['wrong-type', '5:17', 'write e.g. { type: endpoint, url: http://localhost:8080/metrics }']],
  ['sources: { my app: { type: endpoint, url: http://a/ } }', ['value-not-allowed', '5:12', 'give it another name']],
  ['sources: { type: endpoint, url: http://a/ }', ['wrong-type', '5:12', 'write app: { type: endpoint, … }']],
  [
    'sources:\n  - type: endpoint\n    url: http://a/',
    ['wrong-type', '6:3', 'write e.g. app: { type: endpoint, url: http://localhost:8080/metrics }'],
  ],
  ['sources: { app: { type: endpoint, url: http://a/, headers: { authorization: 12 } } }', ['wrong-type', '5:77', 'write "12"']],
  ['sources: { app: { type: json, url: http://a/ } }', ['value-not-allowed', '5:25', 'possible: endpoint, your own ./file.ts']],
  ['sources: { app: { type: grafana, url: http://a/ } }', ['value-not-allowed', '5:25', 'possible: endpoint, your own ./file.ts']],
  ['sources: { app: { type: endpoint, uri: http://a/ } }', ['key-unknown', '5:35', 'did you mean “url”?']],
  ['sources:', ['wrong-type', '5:1', 'write e.g. app: { type: endpoint, url: http://localhost:8080/metrics }']],
]

export const proxies: Row[] = [
  ['proxies:', ['wrong-type', '5:1', 'write e.g. payments: { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }']],
  ['proxies: [payments]', ['wrong-type', '5:10', 'write e.g. payments: { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }']],
  [
    'proxies: { payments: 127.0.0.1:9001 }',
    ['wrong-type', '5:22', 'write e.g. { listen: 127.0.0.1:9001, upstream: http://127.0.0.1:8081 }'],
  ],
  ['proxies: { payments: { listen: 127.0.0.1:9001 } }', ['key-missing', '5:12', 'add upstream: …']],
  ['proxies: { payments: { listen: 9001, upstream: 127.0.0.1:8081 } }', ['value-not-allowed', '5:32', 'write 127.0.0.1:9001']],
  ['proxies: { payments: { listen: unix:db.sock, upstream: /run/db.sock } }', ['value-not-allowed', '5:32', 'write e.g. /run/app/db.sock']],
  [
    'proxies: { payments: { listen: /run/app/db.sock, upstream: unix:/run/app/db.sock } }',
    ['address-taken', '5:60', 'let it listen at another port, and point your service there'],
  ],
  [
    'proxies: { payments: { listen: http://127.0.0.1:9001, upstream: 127.0.0.1:8081 } }',
    ['value-not-allowed', '5:32', 'write 127.0.0.1:9001'],
  ],
  [
    'proxies: { payments: { listen: 127.0.0.1:90010, upstream: 127.0.0.1:8081 } }',
    ['value-not-allowed', '5:32', 'write e.g. 127.0.0.1:8081'],
  ],
  ['proxies: { payments: { listen: 127.0.0.1:9001, upstream: payments } }', ['value-not-allowed', '5:58', 'write e.g. payments:8081']],
  [
    'proxies: { payments: { listen: 127.0.0.1:9001, upstream: https://api.example } }',
    ['value-not-allowed', '5:58', 'write api.example:443'],
  ],
  [
    'proxies: { payments: { listen: 127.0.0.1:9001, upstream: http://api.example/v1 } }',
    ['value-not-allowed', '5:58', 'write http://api.example'],
  ],
  ['proxies: { payments: { listen: 127.0.0.1:9001, upstream: tcp://db:5432 } }', ['value-not-allowed', '5:58', 'write db:5432']],
  [
    'proxies: { payments: { listen: 127.0.0.1:9001, upstream: localhost:9001 } }',
    ['address-taken', '5:58', 'let it listen at another port, and point your service there'],
  ],
  [
    'proxies: { p1: { listen: 127.0.0.1:9001, upstream: db:1 }, p2: { listen: localhost:9001, upstream: db:2 } }',
    ['address-taken', '5:74', 'choose another port'],
  ],
  ['proxies: { my proxy: { listen: 127.0.0.1:9001, upstream: db:1 } }', ['value-not-allowed', '5:12', 'give it another name']],
  ['proxies: { traffic: { listen: 127.0.0.1:9001, upstream: db:1 } }', ['name-taken', '5:12', 'give it another name']],
  [
    'sources: { db: { type: endpoint, url: http://a/ } }\nproxies: { db: { listen: 127.0.0.1:9001, upstream: db:1 } }',
    ['name-taken', '6:12', 'give it another name'],
  ],
  [
    'proxies: { payments: { listen: 127.0.0.1:9001, upstream: db:1, enabled: true } }',
    ['key-unknown', '5:64', 'possible here: listen, upstream'],
  ],
  ['proxies: { payments: { listen: 127.0.0.1:9001, upsteam: db:1 } }', ['key-unknown', '5:48', 'did you mean “upstream”?']],
  ['proxies: { payments: { toxiproxy: 127.0.0.1:8474, name: redis } }', ['value-not-allowed', '5:35', 'write http://127.0.0.1:8474']],
  ['proxies: { payments: { toxiproxy: http://127.0.0.1:8474 } }', ['key-missing', '5:12', 'add name: …']],
  [
    'proxies: { payments: { toxiproxy: http://127.0.0.1:8474, name: redis, upstream: db:1 } }',
    ['key-unknown', '5:71', 'remove upstream, or toxiproxy'],
  ],
  [
    'proxies: { payments: { listen: "::1:9001", upstream: db:1 } }',
    ['value-not-allowed', '5:32', 'write host and port, e.g. 127.0.0.1:8081'],
  ],
]

export const variables: Row[] = [
  ['vars: 3', ['wrong-type', '5:7', 'write e.g. { rate: 50/s }']],
  ['vars: { a-b: 3 }', ['wrong-type', '5:9', 'write a_b']],
  ['vars: { a: [3] }', ['wrong-type', '5:12', 'write a text, a number, true or false']],
  ['vars: { a: "${b}" }', ['variable-form', '5:12', 'use ${secret:NAME} where the secret is needed']],
  ['vars: { rate: 1 }\nservice: "${rte}"', ['variable-unknown', '6:10', 'did you mean “rate”?']],
  ['service: "${env.X}"', ['variable-form', '5:10', 'write ${name} or ${secret:NAME}']],
  ['service: ${HOME}', ['variable-unknown', '5:10', 'write ${secret:HOME}, or declare it: vars: { HOME: … }']],
  ['service: "${a"', ['variable-form', '5:10', 'write ${name} or ${secret:NAME}']],
  ['service: "${secret:X}"', ['secret-not-here', '5:10', 'leave it out: secrets may stand in headers and passwords']],
  ['service: "${secret:}"', ['variable-form', '5:10', 'write ${secret:NAME}']],
  [
    '"a${b}": x',
    [
      'key-unknown',
      '5:1',
      'possible here: name, hypothesis, environment, service, owner, tags, vars, traffic, proxies, sources, measures, phases, faults',
    ],
  ],
  ['vars: { rate: }', ['cut-value', '5:9', 'quote it, or give it a value']],
  ['vars: [rate]', ['wrong-type', '5:7', 'write e.g. { rate: 50/s }']],
  [
    'vars: { 1st: 5 }\nservice: "${1st}"',
    ['wrong-type', '5:9', 'write _1st'],
    ['variable-form', '6:10', 'write ${name} or ${secret:NAME}'],
  ],
  ['vars: { a: 5 }\nservice: "${ a }"', ['variable-form', '6:10', 'write ${a}']],
  ['vars: { a: 5 }\nservice: "${a:-b}"', ['variable-form', '6:10', 'write ${a}']],
  ['vars: { a: 5 }\nservice: "${A}"', ['variable-unknown', '6:10', 'did you mean “a”?']],
  ['vars: { a: 5 }\nservice: "${secrets:A}"\nowner: "${a}"', ['variable-form', '6:10', 'write ${secret:NAME}']],
  ['vars: { tok: "${secret:T}" }', ['variable-form', '5:14', 'use ${secret:NAME} where the secret is needed']],
  ['vars: { a: x1, a: x2 }\nservice: "${a}"', ['duplicate-key', '5:16', 'remove one of them']],
  ['service: "${{ a }}"', ['variable-form', '5:10', 'write ${name} or ${secret:NAME}']],
  ['service: "${vars.a}"', ['variable-form', '5:10', 'write ${name} or ${secret:NAME}']],
  ['service: "${env:HOME}"', ['variable-form', '5:10', 'write ${name} or ${secret:NAME}']],
]
