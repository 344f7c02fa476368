/** Guardians of other users and other state folders on this machine, as far as their command lines tell. */
import { statSync } from 'node:fs'
import { listPids, readCommandLine } from '../system/proc.ts'

export interface OtherGuardian {
  run: string
  state: string
  uid: number
  pid: number
}

/** All living guardians whose state is not `state`. */
export function foreignGuardians(state: string): OtherGuardian[] {
  return listPids().flatMap((pid) => {
    const line = readCommandLine(pid)
    const at = line?.findIndex((word) => /(^|\/)guardian\.(js|ts)$/.test(word)) ?? -1
    if (!line || at === -1 || line[at + 1] !== 'own') return []
    const [folder, run] = [line[at + 2], line[at + 3]]
    const uid = uidOf(pid)
    return folder && run && folder !== state && uid !== null ? [{ run, state: folder, uid, pid }] : []
  })
}

function uidOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return null
  }
}
