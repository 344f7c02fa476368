import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { renderHtml } from '../../src/report/html.ts'
import { fabricatedData, storedOf } from '../report/fabricated.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'squall-page-'))
after(() => rmSync(folder, { recursive: true, force: true }))

describe('the page in a browser', { skip: executablePath === undefined ? 'no chromium on this machine' : false }, () => {
  let browser: Browser
  const complaints: string[] = []
  before(async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update']
    browser = await chromium.launch({ executablePath: executablePath as string, args, timeout: 60_000 })
  })
  after(() => browser.close())

  async function open(options: Parameters<Browser['newPage']>[0], text = renderHtml(storedOf(fabricatedData()))): Promise<Page> {
    const file = join(folder, 'page.html')
    writeFileSync(file, text)
    const page = await browser.newPage(options)
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => void (request.url().startsWith('file:') || complaints.push(request.url())))
    await page.goto(pathToFileURL(file).href)
    return page
  }
  /** What axe-core finds serious or worse: `rule: first place`. The rows of a long table are alike: the first ones tell. */
  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axe)
    const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
      `axe.run({ exclude: [['.data tbody tr:nth-child(n + 4)']] }, { resultTypes: ['violations'] }).then((result) => result.violations)`,
    )
    return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  }
  const wide = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth - innerWidth')

  for (const [name, width, colorScheme, unfolded] of [
    ['a desk', 1280, 'light', true],
    ['a dark desk', 1280, 'dark', false],
    ['a phone', 360, 'light', false],
    ['a dark phone', 360, 'dark', true],
  ] as const) {
    test(`on ${name} all charts are drawn, nothing is too wide, nobody complains, nothing is fetched, and everybody can read it`, async () => {
      const page = await open({ viewport: { width, height: 900 }, colorScheme })
      await page.waitForSelector('#chart-3 canvas')
      assert.equal(await page.locator('canvas').count(), 4)
      assert.equal(await page.getByText('the tables hold the same numbers').count(), 0)
      assert.ok((await wide(page)) <= 0)
      // What is folded away must be readable too, once it is opened.
      if (unfolded) await page.evaluate('document.querySelectorAll("details").forEach((part) => { part.open = true })')
      assert.deepEqual(await violations(page), [])
      assert.ok((await wide(page)) <= 0)
      assert.deepEqual(complaints, [])
      await page.close()
    })
  }

  test('the checks of this test can fail: a picture without words, a pale text', async () => {
    const page = await open({}, renderHtml(storedOf(fabricatedData())).replace('<footer>', '<img><footer>'))
    await page.evaluate("document.querySelector('h1').style.color = '#eeeeee'; document.documentElement.lang = ''")
    const found = (await violations(page)).map((each) => each.split(':')[0])
    for (const rule of ['image-alt', 'html-has-lang', 'color-contrast']) assert.ok(found.includes(rule), `${rule} in ${found.join(', ')}`)
    await page.close()
  })

  test('with the keyboard alone every table is reached, opened and scrolled', async () => {
    const page = await open({ viewport: { width: 360, height: 800 } })
    await page.waitForSelector('#chart-3 canvas')
    const wanted = await page.locator('summary, .scroll:visible').count()
    const reached = new Set<string>()
    for (let n = 0; n < wanted + 5; n++) {
      await page.keyboard.press('Tab')
      reached.add(
        await page.evaluate<string>("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.slice(0, 40)"),
      )
    }
    for (const part of ['How each bound was judged', 'Errors as a table', 'What happened, in order of time', 'The document as it was run'])
      assert.ok(reached.has(part), `${part} in ${[...reached].join(' | ')}`)
    await page.locator('summary', { hasText: 'The document as it was run' }).focus()
    await page.keyboard.press('Enter')
    assert.ok(await page.locator('pre').isVisible())
    await page.close()
  })

  test('on paper everything is there: the charts, what is folded away on a screen, and no page is too wide', async () => {
    const page = await open({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' })
    await page.waitForSelector('#chart-3 canvas')
    const pdf = await page.pdf({ format: 'A4' })
    assert.ok(pdf.length > 20_000 && pdf.subarray(0, 5).toString() === '%PDF-')
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize({ width: 700, height: 900 })
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert.ok((await wide(page)) <= 0)
    assert.equal(await page.locator('canvas:visible').count(), 4)
    const sentences = (storedOf(fabricatedData()).verdict?.cells ?? []).map(({ sentence }) => sentence)
    for (const text of [...sentences, 'name: payments-freeze', 'state T (stopped)', 'source shop: no answer within 1 s', 'inflation'])
      assert.ok(await page.getByText(text).first().isVisible(), text)
    assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)')
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert.equal(await page.locator('details[open]').count(), 1)
    await page.close()
  })

  test('without scripts the numbers are there as tables', async () => {
    const page = await open({ javaScriptEnabled: false })
    assert.ok(await page.getByText('the tables hold the same numbers').isVisible())
    await page.locator('summary', { hasText: 'Errors as a table' }).click()
    assert.ok(await page.getByRole('row', { name: '+0:30.0 baseline no data' }).isVisible())
    await page.close()
  })

  test('a script that got into the page anyway is not run', async () => {
    const page = await open(
      {},
      renderHtml(storedOf(fabricatedData())).replace('<footer>', '<script>document.title = "run"</script><footer>'),
    )
    await page.waitForSelector('#chart-3 canvas')
    assert.notEqual(await page.title(), 'run')
    assert.ok(complaints.some((text) => text.includes('Content Security Policy')))
    await page.close()
  })
})
