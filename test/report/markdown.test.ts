import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { fenced, table, text } from '../../src/report/markdown-text.ts'
import { oneLine } from '../../src/report/plain-text.ts'
import { fabricatedData, storedOf } from './fabricated.ts'

const cmark = '/usr/bin/cmark-gfm'
const run = storedOf(fabricatedData())

/** GitHub's own reader of its Markdown. */
function htmlOf(markdown: string): string {
  const extensions = ['table', 'autolink', 'strikethrough', 'tasklist'].flatMap((name) => ['-e', name])
  const { status, stdout, stderr } = spawnSync(cmark, ['--unsafe', ...extensions], { input: markdown, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout
}

/** What people read on a page. */
function readable(html: string): string {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' }
  return html
    .replace(/<!-- -->|<[^>]*>/g, '')
    .replace(/&(?:lt|gt|quot|amp);/g, (entity) => entities[entity] ?? entity)
    .trim()
}

/** Two thousand texts in one message tell nobody anything: only the first that differs. */
function same(found: readonly string[], wanted: readonly string[]): void {
  const n = wanted.findIndex((each, at) => found[at] !== each)
  if (n >= 0) assert.equal(found[n], wanted[n], JSON.stringify(wanted[n]))
  assert.equal(found.length, wanted.length)
}

describe('a run as Markdown', () => {
  const markdown = renderMarkdown([run])

  test('begins with the verdict and its sentence, then tables, then every judged sentence', () => {
    assert.match(markdown, /^## ❌ failed: payments-freeze\n\n\*\*Failed: error\\_rate during the fault/)
    assert.match(markdown, /\n\| error\\_rate \| 0 % \| 38[.\d]* %<br>✗ max 5% \|/)
    for (const cell of run.verdict?.cells ?? [])
      if (cell.decision !== 'not judged') assert.ok(markdown.includes(text(cell.sentence)), cell.sentence)
  })

  test('says how far the verdict can be trusted, folded away', () => {
    const [steady] = run.verdict?.stability ?? []
    assert.ok(steady)
    assert.match(markdown, /<details><summary>How far the verdict can be trusted<\/summary>/)
    assert.ok(markdown.includes(`- ${text(steady.sentence)}`))
    assert.match(renderMarkdown([{ ...run, trust: ['1 of 20 was wrong'] }]), /wrong here\?\*\*\n\n- 1 of 20 was wrong/)
  })

  test('several runs have one table of all before the first', () => {
    const two = renderMarkdown([run, { ...run, id: 'other' }])
    assert.match(two, /^\| run \| experiment \| outcome \| because \|\n\| --- \| --- \| --- \| --- \|\n\| 20261123/)
    assert.equal(two.match(/^## /gm)?.length, 2)
  })

  test('fits a comment whatever the run was, and what did not end well is not what is cut', () => {
    const [change] = run.changes
    assert.ok(change)
    const changes = Array.from({ length: 500 }, (_, n) => ({
      ...change,
      target: `pod-${n}`,
      ...(n === 499 && { state: 'stuck' as const }),
    }))
    const long = renderMarkdown([{ ...run, changes, document: 'x: y\n'.repeat(200_000) }])
    assert.ok(long.length < 65_536, `${long.length} characters`)
    assert.match(long, /\| pod-499 \| stuck \|/)
    assert.match(long, /… and 460 more/)
    assert.match(long, /it goes on: `squall export` has all of it/)
  })

  test('a run that goes on says so', () => {
    const { verdict: _verdict, ...rest } = run
    assert.match(renderMarkdown([rest]), /## running: payments-freeze\n\n\*\*This run has no verdict yet/)
  })

  test('carries no credentials', () => assert.ok(!markdown.includes('Bearer 123')))
})

describe('read by GitHub', { skip: existsSync(cmark) ? false : 'no cmark-gfm on this machine' }, () => {
  test('the report has its tables and no link', () => {
    const html = htmlOf(renderMarkdown([run]))
    assert.equal(html.match(/<table>/g)?.length, 3)
    assert.doesNotMatch(html, /<a |<em>|<del>/)
  })

  // One call of the program for many texts: each is a paragraph and a table cell of its own.
  test('whatever a text holds, people read that text', () => {
    const nasty = ['**a** _b_ `c` ~~d~~', '# 1', '- x', '1. y', '[a](b) ![c](d)', '<script>alert(1)</script>', '@octocat #12 GH-3']
    const more = ['http://evil.example www.evil.example a@b.example', 'a|b', '&lt; &amp;copy; \\', '> q', '$x$', '+ z', '===', '[ ] t', '|']
    const drawn = fc.sample(fc.string({ unit: 'grapheme', minLength: 1 }), { numRuns: 500, seed: 11 })
    const ascii = fc.sample(fc.string({ unit: fc.constantFrom(...'`*_[]<>|~\\&#@$!-+=.:/ab1 '), minLength: 1, maxLength: 12 }), {
      numRuns: 1500,
      seed: 12,
    })
    const all = [...nasty, ...more, ...drawn, ...ascii].filter((each) => oneLine(each).trim() !== '')
    const squeezed = (each: string): string => oneLine(each).trim().replace(/\s+/g, ' ')
    const paragraphs = htmlOf(all.map(text).join('\n\n')).split('\n').map(readable).map(squeezed)
    same(paragraphs.filter(Boolean), all.map(squeezed))
    const cells = [
      ...htmlOf(
        table(
          ['x'],
          all.map((each) => [text(each)]),
        ),
      ).matchAll(/<td>(.*)<\/td>/g),
    ].map(([, cell = '']) => cell)
    same(cells.map(readable).map(squeezed), all.map(squeezed))
    assert.doesNotMatch(cells.join('\n'), /<(?!!-- -->)/)
  })

  test('nobody is told and nothing is linked', () => {
    for (const each of ['@octocat', 'see #12', 'GH-12', 'www.evil.example', 'https://evil.example', 'a@b.example'])
      assert.doesNotMatch(htmlOf(text(each)), /<a |@octocat|#12|GH-12/, each)
  })

  test('a document with fences of its own stays one block', () => {
    const document = 'a: |\n  ```\n  </details>\n  ````\n'
    const html = htmlOf(fenced(document, 'yaml'))
    assert.equal(html.match(/<pre/g)?.length, 1)
    assert.equal(readable(html), document.trim())
  })
})
