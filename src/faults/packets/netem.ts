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
  const { do: made } = lossAtDevice({ table: 'squall_probe', seconds: 1, end: { loss: 0.5 }, direction: 'out' }, ['lo'], 'lo')
  egress ??= inScratch(made.argv, made.input)
  return egress
}

/** Can a queueing discipline of this kind be made here? */
export function tryTc(...words: string[]): Promise<boolean> {
  return inScratch(['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'handle', '5100:', ...words])
}

async function inScratch(command: readonly string[], input?: string): Promise<boolean> {
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
  const ran = await runChild({ argv: ['unshare', '--net', ...command], env, timeLimit: 5_000, ...(input !== undefined && { input }) })
  return ran.code === 0
}

export const withoutNetem =
  'this kernel has no netem (Debian: linux-image of the same version; Red Hat: kernel-modules-extra). Without it loss: …, bandwidth: … and partition work; delay at a proxy, or on another machine.'
