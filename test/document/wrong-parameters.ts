/** Wrong documents: what faults are told. */
import type { Row } from './wrong-row.ts'

export const parameters: Row[] = [
  ['faults: { type: pause }', ['wrong-type', '5:9', 'begin each fault with “- type: …”']],
  ['faults:', ['wrong-type', '5:1', 'begin each fault with “- type: …”']],
  ['faults:\n  -', ['wrong-type', '6:4', 'write e.g. - type: pause']],
  ['faults:\n  - type:', ['wrong-type', '6:10', 'available: pause, kill, cpu, command']],
  ['faults:\n  - pause: { process: a1 }', ['key-missing', '6:5', 'write type: pause']],
  ['faults:\n  - type: pause\n    process: a1', ['key-unknown', '7:5', 'write target: { process: … }']],
  ['faults:\n  - type: pause\n    target: { process: a1 }\n    duration: 30s', ['key-unknown', '8:5', 'did you mean “for”?']],
  ['faults:\n  - type: pause\n    target: { process: a1 }\n    delay: 30s', ['key-unknown', '8:5', 'did you mean “after”?']],
  ['faults:\n  - type: pause\n    target: { process: a1 }\n    for: 30', ['quantity', '8:10', 'write 30ms or 30s']],
  [
    'faults:\n  - type: pause\n    target: { process: a1 }\n    for: forever',
    ['quantity', '8:10', 'write a duration such as 500ms, 30s or 2m'],
  ],
  ['faults:\n  - type: pause\n    target: { process: a1 }\n    for: 200h', ['quantity', '8:10', 'write 120h or less']],
  ['faults:\n  - type: pause\n    target: { process: a1 }\n    after: -5s', ['quantity', '8:12', 'write 5s']],
  [
    'faults:\n  - type: pause\n    target: { process: a1 }\n    after: 120s',
    ['beyond-phase', '8:12', 'write less than 2m, or lengthen phases.fault'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1 }\n    name: pause payments',
    ['value-not-allowed', '8:11', 'write pause-payments'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1 }\n    name: one\n  - type: kill\n    target: { process: b1 }\n    name: one',
    ['name-taken', '11:11', 'write name: one-2'],
  ],
  [
    'faults:\n  - type: cpu\n    target: { host: local }\n    load: 50%\n  - type: cpu\n    name: more\n    target: { host: local }\n    load: 90%',
    ['faults-collide', '11:13', 'keep one of them, or give them different targets'],
  ],
  ['faults:\n  - type: cpu\n    target: { host: localhost }\n    load: 50%', ['value-not-allowed', '7:21', 'write host: local']],
  ['faults:\n  - type: cpu\n    target: { host: { name: local } }\n    load: 50%', ['value-not-allowed', '7:21', 'write host: local']],
  ['faults:\n  - type: cpu\n    target: { host: local }\n    load: full', ['quantity', '8:11', 'write a share such as 5%']],
  ['faults:\n  - type: cpu\n    target: { host: local }\n    load: 0.95', ['quantity', '8:11', 'write 95% or 0.95%']],
  ['faults:\n  - type: cpu\n    target: { host: local }\n    load: 95%\n    cores: all', ['quantity', '9:12', 'write a number such as 3']],
  ['faults:\n  - type: cpu\n    target: { host: local }\n    load: 95%\n    cores: 2%', ['quantity', '9:12', 'write 2']],
  ['faults:\n  - type: cpu\n    target: { host: local }\n    load: 95pp', ['quantity', '8:11', 'write 95%, or +95pp for “baseline plus”']],
  ['faults:\n  - type: cpu\n    target: { node: worker1 }\n    load: 95%', ['fault-not-available', '7:15', 'available: host']],
  ['faults:\n  - type: cpu\n    target: { pod: cart }\n    load: 95%', ['fault-not-available', '7:15', 'available: host']],
  ['faults:\n  - type: kill\n    target: { process: a1 }\n    signal: 9', ['value-not-allowed', '8:13', 'write KILL or TERM']],
  ['faults:\n  - type: kill\n    target: { process: a1 }\n    signal: SIGTERM', ['value-not-allowed', '8:13', 'did you mean “TERM”?']],
  ['faults:\n  - type: kill\n    target: { process: a1 }\n    signal: term', ['value-not-allowed', '8:13', 'did you mean “TERM”?']],
  ['faults:\n  - type: kill\n    target: { process: a1 }\n    restart: ./start.sh', ['wrong-type', '8:14', 'write [./start.sh]']],
  [
    'faults:\n  - type: kill\n    target: { process: a1 }\n    restart: []',
    ['value-not-allowed', '8:14', 'write something, or remove the key'],
  ],
  ['faults:\n  - type: kill\n    target: { process: a1 }\n    restart: [./start.sh, 8080]', ['wrong-type', '8:27', 'write "8080"']],
  ['faults:\n  - type: kill\n    target: { process: a1 }\n    restart: true', ['wrong-type', '8:14', 'write [true]']],
  ['faults:\n  - type: kill\n    target: { process: a1 }\n    grace: 5 s', ['quantity', '8:12', 'write 5s']],
  [
    'faults:\n  - type: kill\n    target: { process: a1 }\n    restart: [./start.sh, "${secret:KEY}"]',
    ['secret-not-here', '8:27', 'leave it out: secrets may stand in headers and passwords'],
  ],
  ['faults:\n  - type: command\n    inject: [./a.sh]\n    check: [./a.sh]', ['key-missing', '6:5', 'add rollback: …']],
  [
    'faults:\n  - type: command\n    inject: ./a.sh && ./b.sh\n    rollback: [./a.sh]\n    check: [./a.sh]',
    ['wrong-type', '7:13', 'put it into a script of its own: no shell is involved'],
  ],
  [
    'faults:\n  - type: command\n    inject: [./a.sh]\n    undo: [./a.sh]\n    check: [./a.sh]',
    ['key-unknown', '8:5', 'did you mean “rollback”?'],
  ],
  [
    'faults:\n  - type: command\n    inject: [./a.sh]\n    rollback: [./a.sh]\n    check: [./a.sh, {x: 1}]',
    ['wrong-type', '9:21', 'write one text'],
  ],
  ['faults:\n  - type: command\n    inject: [./a.sh, 5]\n    rollback: [./a.sh]\n    check: [./a.sh]', ['wrong-type', '7:22', 'write "5"']],
  [
    'faults:\n  - type: command\n    inject: [""]\n    rollback: [./a.sh]\n    check: [./a.sh]',
    ['value-not-allowed', '7:14', 'write something, or remove the key'],
  ],
  [
    'faults:\n  - type: command\n    inject: [./a.sh]\n    rollback: [./a.sh]\n    check: [./a.sh]\n    timeout: 10',
    ['quantity', '10:14', 'write 10ms or 10s'],
  ],
  ['faults:\n  - type: ../nothing.ts', ['module-missing', '6:11', 'check the path: it is taken from the folder of the document']],
  ['faults:\n  - type: ./my fault.ts', ['module-missing', '6:11', 'check the path: it is taken from the folder of the document']],
  ['faults:\n  - type: ./fault.py', ['value-not-allowed', '6:11', 'write it in TypeScript, or start the program with type: command']],
  [
    'faults:\n  - type: ./nothing.ts\n    target: { process: a1 }',
    ['module-missing', '6:11', 'check the path: it is taken from the folder of the document'],
    ['key-unknown', '7:5', 'pass what it needs in with: { … }'],
  ],
  ['faults:\n  - type: file:///nothing.ts', ['value-not-allowed', '6:11', 'write ./nothing.ts']],
  [
    'faults:\n  - type: network\n    target: { proxy: payments }\n    delay: 500ms',
    ['fault-not-available', '6:11', 'available: pause, kill, cpu, command, or your own: ./file.ts'],
    ['proxy-unknown', '7:22', 'declare it: proxies: { payments: { listen: …, upstream: … } }'],
  ],
  [
    'faults:\n  - type: network\n    target: { proxy: payments }\n    loss: 10%',
    ['fault-not-available', '6:11', 'available: pause, kill, cpu, command, or your own: ./file.ts'],
    ['proxy-unknown', '7:22', 'declare it: proxies: { payments: { listen: …, upstream: … } }'],
    ['place-impossible', '8:5', 'possible at: host, container, pod; at a proxy write delay, or how: reset in a partition'],
  ],
]
