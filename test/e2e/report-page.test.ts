import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { renderHtml } from '../../src/report/html.ts'
import { fabricatedData, storedOf } from '../report/fabricated.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
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
  const wide = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth - innerWidth')

  for (const [name, width, colorScheme] of [
    ['a desk', 1200, 'light'],
    ['a dark desk', 1200, 'dark'],
    ['a phone', 360, 'light'],
  ] as const) {
    test(`on ${name} all charts are drawn, nothing is too wide, nobody complains and nothing is fetched`, async () => {
      const page = await open({ viewport: { width, height: 900 }, colorScheme })
      await page.waitForSelector('#chart-3 canvas')
      assert.equal(await page.locator('canvas').count(), 4)
      assert.equal(await page.getByText('the tables hold the same numbers').count(), 0)
      assert.ok((await wide(page)) <= 0)
      assert.deepEqual(complaints, [])
      await page.close()
    })
  }

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
