/** What a fault on packets is seen to do, by the counters of the kernel. */
import { formatQuantity } from '../../document/quantity.ts'
import type { Look } from '../injector.ts'
import type { Qdisc } from './devices.ts'
import type { SeenTable } from './nft-look.ts'

/** Fewer packets than this say nothing about a share of them. */
const enough = 200

export function lossSeen(tables: readonly SeenTable[]): Look {
  if (tables.length === 0) return { active: false, seen: 'no packet is lost' }
  if (!tables.some(({ live }) => live)) return { active: false, seen: 'it has ended by itself' }
  const sum = (key: 'seen' | 'hit'): number => tables.reduce((total, table) => total + table[key], 0)
  return { active: true, ...lostOf(sum('hit'), sum('seen')) }
}

function lostOf(lost: number, all: number): Pick<Look, 'seen' | 'dose'> {
  const loss = all === 0 ? 0 : lost / all
  const words =
    all === 0 ? 'no packet has met it yet' : `${lost} of ${all} packets were lost (${formatQuantity(Number(loss.toPrecision(3)), 'share')})`
  return { seen: words, ...(all >= enough && { dose: { loss } }) }
}

export function shapeSeen(trees: readonly (readonly Qdisc[] | null)[]): Look {
  const there = trees.flatMap((tree) => (tree ? [tree] : []))
  const hit: [number, number] = [there.length, trees.length]
  if (there.length === 0) return { active: false, seen: 'nothing happens to packets', hit }
  const parts = there.flat()
  const netems = parts.filter(({ kind }) => kind === 'netem')
  const last = netems.length > 0 ? netems : parts.filter(({ kind }) => kind === 'tbf')
  const packets = last.reduce((sum, part) => sum + (part.packets ?? 0), 0)
  const dose: Record<string, number> = {}
  const words = [`${packets} packets passed through`]
  const delay = (netems[0]?.options?.delay as { delay?: number } | undefined)?.delay
  if (delay !== undefined) {
    dose.delay = Math.round(delay * 1e6) / 1000
    words.push(`${dose.delay} ms late`)
  }
  if (netems[0]?.options?.['loss-random']) {
    const drops = netems.reduce((sum, part) => sum + (part.drops ?? 0), 0)
    const lost = lostOf(drops, packets + drops)
    words.push(lost.seen)
    Object.assign(dose, lost.dose)
  }
  const rate = parts.filter(({ kind, options }) => kind === 'tbf' && Number(options?.rate) < 4e9)[0]?.options?.rate
  if (rate !== undefined) words.push(`no more than ${formatQuantity(Number(rate) * 8, 'bit/s')}`)
  return { active: true, seen: words.join(', '), hit, ...(Object.keys(dose).length > 0 && { dose }) }
}
