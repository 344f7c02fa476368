/** The fault `dns`, wherever its look-ups are made: what is planned, done, undone and seen. */
import { SquallError } from '../../errors.ts'
import type { Change, Context, Injector, Json } from '../injector.ts'
import { stepOf } from '../packets/command.ts'
import { packetNames } from '../packets/names.ts'
import { entering, isOwnNetns, type Netns, netnsKey } from '../packets/netns.ts'
import { seeTable } from '../packets/nft-look.ts'
import { askJson, tryCommand } from '../packets/run.ts'
import { endStressors, expiresIn, howEnded, startStressor, stressorsOf } from '../stressor.ts'
import type { Rule } from './respond.ts'
import type { DnsSpec } from './spec.ts'
import { dropTable, makeTable, ownGroup } from './table.ts'

type DnsState = { table: string; servers: string[]; rule: Rule; netns: Netns | null; expiresAt: number }

export interface Place {
  netns: Netns | null
  servers: string[]
  /** Where, in words; empty: this machine. */
  words: string
}

/** @throws SquallError `no-target` */
export async function planDns({ netns, servers, words }: Place, spec: DnsSpec, context: Context<Json>): Promise<Change<Json>> {
  const { names, answer, fail, delay } = spec
  const [lo] = (await askJson<{ flags: string[] }[]>(['ip', '-j', 'link', 'show', 'lo'], netns)) ?? []
  if (!lo?.flags.includes('UP')) throw new SquallError('no-target', `the loopback interface${words} is down: nobody could answer there`)
  const rule: Rule = {
    ...(names && { names }),
    ...(answer !== undefined && { answer }),
    ...(fail && { fail }),
    ...(delay !== undefined && { delay }),
  }
  const { table } = packetNames(context.mark)
  const state: DnsState = { table, servers, rule, netns, expiresAt: context.deadline.getTime() }
  const shown = stepOf({
    do: makeTable(
      table,
      servers.map((server, index) => ({ server, port: 50_001 + index })),
    ),
    undo: dropTable(table),
  })
  return {
    state: state as unknown as Json,
    does: `${inWords(rule)}${words}, asked of ${servers.join(', ')}`,
    undoes: 'let questions go to the DNS servers themselves again',
    steps: [{ does: 'start a program of ours that answers (ports are chosen by the kernel)', undoes: 'kill -KILL it' }, shown],
    lock: `dns:${netnsKey(netns)}`,
    expires: `${expiresIn(state.expiresAt)}; within 3 s of the death of who answers`,
    hits: isOwnNetns(netns) ? ['every program of this machine that looks up such names, Squall’s own sources and traffic included'] : [],
  }
}

function inWords({ names, answer, fail, delay }: Rule): string {
  const whom = names ? names.join(', ') : 'every name'
  const what = fail === 'drop' ? `questions for ${whom} get no answer` : fail ? `questions for ${whom} fail with ${fail}` : null
  const late = delay === undefined || fail === 'drop' ? '' : `, ${delay} ms late`
  return `${what ?? (answer === undefined ? `answers for ${whom} are the right ones` : `${whom} is at ${answer}`)}${late}`
}

/** The part of the injector that is the same everywhere. */
export const misleading: Pick<Injector<DnsSpec, Json>, 'holds' | 'settle' | 'inject' | 'rollback' | 'look'> = {
  holds: 'name resolution',
  settle: '500ms',
  async inject(json, context) {
    const { table, servers, rule, netns, expiresAt } = json as unknown as DnsState
    if (stressorsOf(context.mark).length > 0) return
    const enter = entering(netns)
    if (!enter) throw new SquallError('no-target', `the network namespace ${netns?.name} is gone`)
    // Another group forgets the signal of the parent's death: asked for again.
    const asGroup = ['setpriv', '--regid', String(ownGroup), '--clear-groups', '--pdeathsig', 'KILL', '--']
    await startStressor({ entry: 'dns-responder', task: { table, servers, rule }, expiresAt, context, through: [...enter, ...asGroup] })
  },
  async rollback(json, context) {
    const { table, netns } = json as unknown as DnsState
    // First, so that nobody is led to a port where nobody answers; and again, since one that was just starting may have made it meanwhile.
    await tryCommand(dropTable(table), netns)
    await endStressors(context.mark)
    await tryCommand(dropTable(table), netns)
  },
  async look(json, context) {
    const { table, netns } = json as unknown as DnsState
    const alive = stressorsOf(context.mark).length > 0
    const seen = await seeTable('inet', table, netns)
    if (!alive && !seen) return { active: false, seen: 'questions go to the DNS servers themselves', ...howEnded(context.mark) }
    if (!alive && !seen?.live)
      return { active: false, seen: 'who answers has ended, and the kernel has ended the rest', ...howEnded(context.mark) }
    return { active: true, seen: seen ? `${seen.hit} packets with questions came to us` : 'who answers is there, its table is not' }
  },
}
