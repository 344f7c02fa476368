/** What can be done to containers from here. */
import type { SquallError } from '../../errors.ts'
import type { Able } from '../able.ts'
import { type Engine, openEngine } from './engine.ts'
import { imageAt } from './helper/image.ts'

interface Info {
  ServerVersion: string
  ContainersRunning: number
  CgroupVersion?: string
}

export async function able(): Promise<Able[]> {
  const what = 'faults at containers'
  try {
    const engine = openEngine()
    const info = await engine.call<Info>('GET', '/info', { timeout: 2_000 })
    const containers = `${info.ContainersRunning} ${info.ContainersRunning === 1 ? 'container runs' : 'containers run'}`
    const says = `Docker ${info.ServerVersion} at ${engine.address.url}, cgroup version ${info.CgroupVersion ?? '1'}; ${containers}`
    return [{ what, state: 'ok', says }, await ableInside(engine)]
  } catch (error) {
    const { message, hint } = error as SquallError
    return [{ what, state: 'missing', says: hint ? `${message}. ${hint}` : message }]
  }
}

/** Which way leads into a container: packets, processors and memory in its name. */
async function ableInside(engine: Engine): Promise<Able> {
  const what = 'faults inside containers'
  const image = await imageAt(engine)
  if (image !== null) return { what, state: 'ok', says: `network, partition, cpu, memory by helper containers of ${image}` }
  const local = engine.address.url.startsWith('unix:') && process.getuid?.() === 0
  const instead = 'squall helper-image brings the image of helpers in, which revert by themselves whoever is dead'
  if (local) return { what, state: 'ok', says: `from this machine, as root; ${instead}` }
  return { what, state: 'limited', says: `need root on the engine's machine; ${instead}` }
}
