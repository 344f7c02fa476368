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
