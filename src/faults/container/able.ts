/** What can be done to containers from here. */
import type { SquallError } from '../../errors.ts'
import type { Able } from '../able.ts'
import { openEngine } from './engine.ts'

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
    return [{ what, state: 'ok', says }]
  } catch (error) {
    const { message, hint } = error as SquallError
    return [{ what, state: 'missing', says: hint ? `${message}. ${hint}` : message }]
  }
}
