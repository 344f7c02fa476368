/** What this kernel can do to packets. Only a real attempt tells: in a network namespace that ends with the attempt. */
import { runChild } from '../../system/children.ts'
import { lossAtDevice } from './nft.ts'

let known: Promise<boolean> | undefined
let egress: Promise<boolean> | undefined

/** False too where nobody may try. Asked once in the life of a process. */
export function hasNetem(): Promise<boolean> {
  known ??= tryTc('netem', 'delay', '1ms')
  return known
}

/** Can nft lose packets where they leave by a device? Since Linux 5.16, where it was not left out. */
export function hasEgress(): Promise<boolean> {
  egress ??= inScratch(...egressAttempt())
  return egress
}

/** Both, tried in this very network namespace: for one that is ours alone and ends with us, where we may not make another. */
export async function probeHere(): Promise<{ netem: boolean; egress: boolean }> {
  return { netem: await attempt(tcAttempt('netem', 'delay', '1ms')), egress: await attempt(...egressAttempt()) }
}

/** Told by somebody who could try. */
export function assumeKernel(can: { netem: boolean; egress: boolean }): void {
  known = Promise.resolve(can.netem)
  egress = Promise.resolve(can.egress)
}

/** Can a queueing discipline of this kind be made here? */
export function tryTc(...words: string[]): Promise<boolean> {
  return inScratch(tcAttempt(...words))
}

function tcAttempt(...words: string[]): readonly string[] {
  return ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'handle', '5100:', ...words]
}

function egressAttempt(): [command: readonly string[], input: string | undefined] {
  const { do: made } = lossAtDevice({ table: 'squall_probe', seconds: 1, end: { loss: 0.5 }, direction: 'out' }, ['lo'], 'lo')
  return [made.argv, made.input]
}

function inScratch(command: readonly string[], input?: string): Promise<boolean> {
  return attempt(['unshare', '--net', ...command], input)
}

async function attempt(command: readonly string[], input?: string): Promise<boolean> {
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
  const argv = command as readonly [string, ...string[]]
  const ran = await runChild({ argv, env, timeLimit: 5_000, ...(input !== undefined && { input }) })
  return ran.code === 0
}

export const withoutNetem =
  'this kernel has no netem (Debian: linux-image of the same version; Red Hat: kernel-modules-extra). Without it loss: …, bandwidth: … and partition work; delay at a proxy, or on another machine.'
