/** What a table of ours says of itself. */
import type { Netns } from './netns.ts'
import { tryCommand } from './run.ts'

export interface SeenTable {
  /** Its elements have not expired. */
  live: boolean
  /** Packets that were meant, where only some of them are hit; those that were hit. */
  seen: number
  hit: number
}

interface Listed {
  nftables: { counter?: { name: string; packets: number }; set?: { name: string; elem?: unknown[] } }[]
}

/** Null: there is none, or its namespace is gone. @throws when it can't be told */
export async function seeTable(family: 'inet' | 'netdev', table: string, netns: Netns | null): Promise<SeenTable | null> {
  const ran = await tryCommand({ argv: ['nft', '-j', 'list', 'table', family, table] }, netns)
  if (!ran.ok && (ran.gone || /No such file or directory/.test(ran.why))) return null
  if (!ran.ok) throw new Error(`nft: ${ran.why}`)
  const { nftables } = JSON.parse(ran.stdout) as Listed
  const packets = (name: string): number => nftables.find(({ counter }) => counter?.name === name)?.counter?.packets ?? 0
  const live = nftables.some(({ set }) => set?.name === 'live' && (set.elem?.length ?? 0) > 0)
  return { live, seen: packets('seen'), hit: packets('hit') }
}
