/** Fills a file system of this machine. */
import { realpathSync } from 'node:fs'
import { SquallError } from '../../errors.ts'
import { type DiskSpec, diskSpec } from '../disk/spec.ts'
import { type DiskState, planDisk, taking } from '../disk/taking.ts'
import type { Injector } from '../injector.ts'

export const disk: Injector<DiskSpec, DiskState> = {
  type: 'disk',
  places: ['host'],
  spec: diskSpec,
  needs: () => [],
  plan: (spec, _target, context) => planDisk({ dir: realFolder(spec.path), shown: spec.path, mounts: null, owner: null }, spec, context),
  ...taking,
}

/** @throws SquallError `no-target` */
export function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    throw new SquallError('no-target', `${path} is not there`)
  }
}
