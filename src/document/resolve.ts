/** From filled-in data to an experiment: every part, every default, all problems at once. */

import { checkItself } from './check-itself.ts'
import type { Checking } from './check-shape.ts'
import { checkShape, unknownKey } from './check-shape.ts'
import type { Experiment } from './experiment.ts'
import { asMap } from './located.ts'
import { type FaultSurroundings, resolveFaults } from './resolve-faults.ts'
import { isJudged, resolveMeasures } from './resolve-measures.ts'
import { resolveSources } from './resolve-sources.ts'
import { resolveTraffic } from './resolve-traffic.ts'
import { headShape, phasesShape } from './shapes.ts'

export const topKeys = [
  'name',
  'hypothesis',
  'environment',
  'service',
  'owner',
  'tags',
  'vars',
  'traffic',
  'proxies',
  'sources',
  'measures',
  'phases',
  'faults',
]

/** The experiment, or undefined when an error was collected. */
export function resolveExperiment(checking: Checking, value: unknown, around: FaultSurroundings): Experiment | undefined {
  const { collect } = checking
  const map = asMap(value)
  if (!map) return void collect.add([], 'wrong-type', 'a document is a map that begins e.g. with “name: …”')
  if ('method' in map) {
    const message =
      'faults' in map
        ? 'the document is of two tools at once: faults is ours, method is Chaos Toolkit’s'
        : 'this is a Chaos Toolkit document: reading those is not available yet'
    return void collect.add(['method'], 'other-format', message, { at: 'key' })
  }
  for (const key of Object.keys(map)) {
    // JSON documents tell their editor the schema by this key; YAML has a comment for it.
    if (!topKeys.includes(key) && key !== '$schema') unknownKey(checking, [key], key, topKeys)
  }
  const head = checkShape(checking, headShape, pick(map, Object.keys(headShape.shape)), [])
  if (map.proxies !== undefined)
    collect.add(['proxies'], 'not-available-yet', 'proxies are not available yet', {
      at: 'key',
      fix: 'let the fault act on a process or the host instead',
    })
  const traffic = resolveTraffic(checking, map.traffic)
  const { sources, declared } = resolveSources(checking, map.sources, around.catalogue)
  const measures = resolveMeasures(checking, map.measures, { hasTraffic: map.traffic !== undefined, declared })
  const phases = checkShape(checking, phasesShape, map.phases === undefined ? {} : map.phases, ['phases'])
  if (map.faults === undefined)
    collect.add([], 'key-missing', 'needs the key “faults”', { fix: 'write e.g. faults: [{ type: pause, target: { process: NAME } }]' })
  const faults = resolveFaults(checking, map.faults, around)
  if (!collect.failedAt(['measures']) && !measures.some(isJudged)) {
    const fix = map.traffic === undefined ? 'add traffic, or a measure with from and max or min' : 'give a measure a max or a min'
    collect.add(map.measures === undefined ? [] : ['measures'], 'nothing-judged', 'no measure is judged: the run could prove nothing', {
      at: 'key',
      fix,
    })
  }
  if (!head || !phases || collect.failed) return undefined
  const { service, owner, ...rest } = head
  const experiment: Experiment = {
    ...rest,
    ...(service !== undefined && { service }),
    ...(owner !== undefined && { owner }),
    ...(traffic && { traffic }),
    sources,
    measures,
    phases,
    faults,
  }
  checkItself(collect, experiment, around.catalogue)
  return collect.failed ? undefined : experiment
}

function pick(map: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => key in map).map((key) => [key, map[key]]))
}
