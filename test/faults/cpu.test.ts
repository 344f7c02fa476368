import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, describe, test } from 'node:test'
import { entryPath } from '../../src/system/entry.ts'
import { readStat } from '../../src/system/proc.ts'
import { endProcess, until } from '../helpers/processes.ts'

const children: ReturnType<typeof spawn>[] = []
after(() => Promise.all(children.map((child) => endProcess(child))))

describe('a CPU worker', () => {
  test('keeps its processor about as busy as asked and ends at its own deadline', async () => {
    const child = spawn(process.execPath, [entryPath('cpu-worker'), '0.3', '4000'], { stdio: 'ignore' })
    children.push(child)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // The first second includes its start and the first adjustment.
    const [from, at] = [readStat(child.pid as number)?.cpuTicks ?? 0, Date.now()]
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const load = ((readStat(child.pid as number)?.cpuTicks ?? 0) - from) / 100 / ((Date.now() - at) / 1000)
    assert.ok(load > 0.15 && load < 0.45, `asked 0.3, got ${load}`)
    await ended
    assert.equal(child.exitCode, 0)
  })
  test('hears a new load while it works, and does not mind that nobody speaks any more', async () => {
    const child = spawn(process.execPath, [entryPath('cpu-worker'), '0.05', '4000'], { stdio: ['pipe', 'ignore', 'ignore'] })
    children.push(child)
    const ticks = (): number => readStat(child.pid as number)?.cpuTicks ?? 0
    const loadOver = async (ms: number): Promise<number> => {
      const [from, at] = [ticks(), performance.now()]
      await new Promise((resolve) => setTimeout(resolve, ms))
      return (ticks() - from) / 100 / ((performance.now() - at) / 1000)
    }
    await new Promise((resolve) => setTimeout(resolve, 500)) // Its start costs something too.
    const before = await loadOver(1_000)
    child.stdin.write('0.')
    child.stdin.end('3\n')
    const after = await loadOver(1_500)
    assert.ok(after > before + 0.08, `asked 0.05, then 0.3: got ${before}, then ${after}`)
    await until('its end', () => child.exitCode === 0, 6_000)
  })
  test('ends by itself when whoever started it is killed', async () => {
    const script = `const c=require('child_process').spawn(process.execPath,[${JSON.stringify(entryPath('cpu-worker'))},'0.05','1500'],{stdio:'ignore',detached:true});console.log(c.pid);setInterval(()=>{},1000)`
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(parent)
    const pid = Number(await new Promise<string>((resolve) => parent.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()))))
    const start = readStat(pid)?.start
    await endProcess(parent)
    assert.equal(readStat(pid)?.start, start, 'it was to outlive its parent here')
    await until('its deadline', () => readStat(pid)?.start !== start || readStat(pid)?.state === 'Z', 6_000)
  })
})
