/** Is there netem? Only a real attempt tells: in a network namespace that ends with the attempt. */
import { runChild } from '../../system/children.ts'

let known: Promise<boolean> | undefined

/** False too where nobody may try. Asked once in the life of a process. */
export function hasNetem(): Promise<boolean> {
  known ??= tryTc('netem', 'delay', '1ms')
  return known
}

/** Can a queueing discipline of this kind be made here? */
export async function tryTc(...words: string[]): Promise<boolean> {
  const argv = ['unshare', '--net', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'handle', '5100:', ...words] as [string, ...string[]]
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
  return (await runChild({ argv, env: { PATH: path }, timeLimit: 5_000 })).code === 0
}

export const withoutNetem =
  'this kernel has no netem (Debian: linux-image of the same version; Red Hat: kernel-modules-extra). Without it loss: …, bandwidth: … and partition work; delay at a proxy, or on another machine.'
