/**
 * `node scripts/report-images.ts FILE.html`: pictures of a report for the README, in `docs/images/`: what a desk and a phone show first, in light
 * and in dark. The report of `npm run demo` is a good one to take.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { root } from './lib/root.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('node scripts/report-images.ts FILE.html')
const folder = join(root, 'docs', 'images')
mkdirSync(folder, { recursive: true })

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  for (const [name, width, height, colorScheme, deviceScaleFactor] of [
    ['report', 1280, 1600, 'light', 0.75],
    ['report-dark', 1280, 1600, 'dark', 0.75],
    ['report-phone', 360, 1600, 'light', 1],
  ] as const) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, deviceScaleFactor })
    await page.goto(pathToFileURL(resolve(file)).href)
    await page.waitForSelector('canvas')
    await page.screenshot({ path: join(folder, `${name}.png`) })
    await page.close()
  }
} finally {
  await browser.close()
}
