/** Fills the file system on which a folder of a container lies: a volume, or what its image is written to. */
import { type DiskSpec, diskSpec } from '../disk/spec.ts'
import { type DiskState, planDisk, taking } from '../disk/taking.ts'
import type { Injector } from '../injector.ts'
import { placeOf } from './inspect.ts'
import { firstProcess, mountsOf, pathInside } from './local-files.ts'

export const diskOfContainer: Injector<DiskSpec, DiskState> = {
  type: 'disk',
  places: ['container'],
  spec: diskSpec,
  needs: () => [{ docker: true }],
  async plan(spec, target, context) {
    const place = placeOf(target)
    const owner = await firstProcess(place, 'disk')
    const shown = `${spec.path} in the container ${place.name}`
    return planDisk({ dir: pathInside(owner, spec.path), shown, mounts: mountsOf(owner), owner }, spec, context)
  },
  ...taking,
}
