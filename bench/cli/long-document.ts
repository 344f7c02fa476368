/** A valid document of 2,000 lines: larger than any that people write, with every part in proportion. */
export function longDocument(lines = 2000): string {
  const head = `name: long
hypothesis: Even a very long document is read at once.
environment: test
sources:
  app: { type: endpoint, url: http://127.0.0.1:8080/metrics }
traffic:
  rate: 50/s
  requests:`.split('\n')
  const requests: string[] = []
  const measures = ['measures:', '  error_rate: { max: { fault: +5pp } }']
  const faults = ['faults:']
  for (let n = 1; head.length + requests.length + measures.length + faults.length + 14 <= lines; n++) {
    requests.push(
      `    - name: page-${n}`,
      `      url: http://127.0.0.1:8080/products?page=${n}`,
      '      headers: { accept: application/json }',
      '      weight: 1',
    )
    measures.push(`  depth_${n}:`, '    from: app', `    query: queues.q${n}.depth`, '    max: { baseline: 100, fault: 500 }')
    faults.push(
      '  - type: command',
      `    name: fault-${n}`,
      `    inject: [./tool.sh, "on", "${n}"]`,
      `    rollback: [./tool.sh, "off", "${n}"]`,
      `    check: [./tool.sh, check, "${n}"]`,
      `    after: ${n % 60}s`,
    )
  }
  const whole = [...head, ...requests, ...measures, ...faults]
  const padding = Array.from({ length: Math.max(0, lines - whole.length) }, (_, index) => `# ${index + 1}`)
  return `${[...whole, ...padding].join('\n')}\n`
}
