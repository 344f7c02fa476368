/** Wrong documents: where faults act. */
import type { Row } from './wrong-row.ts'

export const targets: Row[] = [
  ['faults:\n  - type: pause\n    target: { process: { labels: [{ app: x1 }] } }', ['wrong-type', '7:34', 'write e.g. { name: value }']],
  ['faults:\n  - type: pause\n    target: { process: payments}\n    for:30s', ['syntax', '8:5', 'write “for: 30s”']],
  ['faults:\n  - type: pause\n   target: { process: payments }', ['syntax', '7:1', 'indent it like the line it belongs to']],
  [
    'faults:\n- type: pause\ntarget: { process: payments }',
    ['key-missing', '6:3', 'write e.g. target: { process: NAME }'],
    ['key-unknown', '7:1', 'indent it below the fault it belongs to'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: *pay }',
    ['yaml-feature', '7:24', 'define it above with &, or quote the text that begins with *'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: pay* }\n    for: ${for}',
    ['variable-unknown', '8:10', 'declare it: vars: { for: … }'],
  ],
  ['faults:\n  type: pause\n  target: { process: x1 }', ['wrong-type', '6:3', 'begin each fault with “- type: …”']],
  ['faults:\n  - typ: pause\n    target: { process: a1 }', ['key-unknown', '6:5', 'did you mean “type”?']],
  ['faults:\n  - type: [pause]\n    target: { process: a1 }', ['wrong-type', '6:11', 'available: pause, kill, cpu, command']],
  ['faults:\n- type: pause\n  target: { process: a1 }\n - type: kill', ['syntax', '8:2', 'indent it like the line it belongs to']],
  ['faults:\n  - type: Pause\n    target: { process: a1 }', ['fault-not-available', '6:11', 'did you mean “pause”?']],
  ['faults:\n  - type: freeze\n    target: { process: a1 }', ['fault-not-available', '6:11', 'did you mean “pause”?']],
  [
    'faults:\n  - type: latency\n    target: { container: a1 }',
    ['fault-not-available', '6:11', 'available: pause, kill, cpu, command, or your own: ./file.ts'],
  ],
  ['faults:\n  - type: pause\n    targets: { process: a1 }', ['key-unknown', '7:5', 'did you mean “target”?']],
  ['faults:\n  - type: pause\n    target: [a1]', ['wrong-type', '7:13', 'write e.g. target: { process: NAME }']],
  ['faults:\n  - type: pause\n    target:', ['wrong-type', '7:12', 'write e.g. target: { process: NAME }']],
  ['faults:\n  - type: pause\n    target: { process: }', ['cut-value', '7:15', 'quote it, or give it a value']],
  ['faults:\n  - type: pause\n    target: { process: "" }', ['value-not-allowed', '7:24', 'write something, or remove the key']],
  ['faults:\n  - type: pause\n    target: { process: [a1, b1] }', ['wrong-type', '7:24', 'write one text']],
  ['faults:\n  - type: pause\n    target: { name: a1 }', ['key-unknown', '7:15', 'did you mean “process”?']],
  ['faults:\n  - type: pause\n    target: { pid: 1234 }', ['key-unknown', '7:15', 'did you mean “process”?']],
  ['faults:\n  - type: pause\n    target: { service: a1 }', ['key-unknown', '7:15', 'did you mean “process”?']],
  ['faults:\n  - type: pause\n    target: { process: { pid: 1234 } }', ['key-unknown', '7:26', 'did you mean “name”?']],
  ['faults:\n  - type: pause\n    target: { process: { port: http } }', ['quantity', '7:32', 'write a port such as 8080']],
  ['faults:\n  - type: pause\n    target: { process: { port: 0 } }', ['quantity', '7:32', 'write a port such as 8080']],
  ['faults:\n  - type: pause\n    target: { process: { port: 80.5 } }', ['quantity', '7:32', 'write a port such as 8080']],
  ['faults:\n  - type: pause\n    target: { process: { labels: app=x } }', ['wrong-type', '7:34', 'write { app: x }']],
  ['faults:\n  - type: pause\n    target: { process: { labels: [app=x] } }', ['wrong-type', '7:34', 'write { app: x }']],
  ['faults:\n  - type: pause\n    target: { process: { labels: { app: 1 } } }', ['wrong-type', '7:41', 'write "1"']],
  ['faults:\n  - type: pause\n    target: { process: { labels: { app: } } }', ['cut-value', '7:36', 'quote it, or give it a value']],
  [
    'faults:\n  - type: pause\n    target: { process: { namespace: shop } }',
    ['key-unknown', '7:26', 'possible here: name, labels, command, port'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: { name: a1, labels: { app: x1 }, pick: all } }',
    ['key-unknown', '7:57', 'write target: { process: …, pick: … }'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: every }',
    ['quantity', '7:34', 'write a number, a percentage such as 50%, or all'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: 150% }',
    ['quantity', '7:34', 'write a number, a percentage such as 50%, or all'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: 0% }',
    ['quantity', '7:34', 'write a number, a percentage such as 50%, or all'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: 1.5 }',
    ['quantity', '7:34', 'write a number, a percentage such as 50%, or all'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: -1 }',
    ['quantity', '7:34', 'write a number, a percentage such as 50%, or all'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: [1] }',
    ['wrong-type', '7:34', 'write a number, a percentage such as 50%, or all'],
  ],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: 5pp }',
    ['quantity', '7:34', 'write a number, a percentage such as 50%, or all'],
  ],
  ['faults:\n  - type: pause\n    target: { process: a1 }\n    pick: 2', ['key-unknown', '8:5', 'write target: { pick: … }']],
  ['faults:\n  - type: pause\n    target: { process: a1, interface: eth0 }', ['key-unknown', '7:28', 'remove interface']],
  ['faults:\n  - type: pause\n    target: { process: a1, match: { path: / } }', ['key-unknown', '7:28', 'remove match']],
  [
    'faults:\n  - type: pause\n    target: { process: a1, pick: all }\n  - type: kill\n    target: { process: a1 }',
    ['faults-collide', '9:13', 'keep one of them, or give them different targets'],
  ],
  [
    'faults:\n  - type: pause\n    target: { proxy: payments }',
    ['fault-not-available', '7:15', 'available: process'],
    ['proxy-unknown', '7:22', 'declare it: proxies: { payments: { listen: …, upstream: … } }'],
  ],
]
