/** From filled-in data to an experiment: every part, every default, all problems at once. */

import { checkItself } from './check-itself.ts'
import type { Checking } from './check-shape.ts'
import { checkShape, unknownKey } from './check-shape.ts'
import type { Experiment } from './experiment.ts'
import { asMap } from './located.ts'
import { knownMeasure } from './measure-defaults.ts'
import { nearest } from './nearest.ts'
import { quote } from './quantity.ts'
import { type FaultSurroundings, resolveFaults } from './resolve-faults.ts'
import { isJudged, resolveMeasures } from './resolve-measures.ts'
import { resolveProxies } from './resolve-proxies.ts'
import { resolveSources } from './resolve-sources.ts'
import { resolveTraffic } from './resolve-traffic.ts'
import { headShape, phasesShape, trafficShape } from './shapes.ts'

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
export function resolveExperiment(
  checking: Checking,
  value: unknown,
  around: Omit<FaultSurroundings, 'proxies' | 'sources' | 'declared'>,
): Experiment | undefined {
  const { collect } = checking
  const map = asMap(value)
  if (!map)
    return void collect.add([], 'wrong-type', 'a document is a map', {
      fix: 'begin with name: …, hypothesis: …, environment: test',
    })
  if (isOfOtherTool(checking, map)) return undefined
  for (const key of Object.keys(map)) {
    // JSON documents tell their editor the schema by this key; YAML has a comment for it.
    if (!topKeys.includes(key) && key !== '$schema') unknownTopKey(checking, key)
  }
  const head = checkShape(checking, headShape, pick(map, Object.keys(headShape.shape)), [])
  const traffic = resolveTraffic(checking, map.traffic)
  const { sources, declared } = resolveSources(checking, map.sources, around)
  const proxies = resolveProxies(checking, map.proxies, declared)
  const measures = resolveMeasures(checking, map.measures, { hasTraffic: map.traffic !== undefined, declared, proxies })
  const phases = checkShape(checking, phasesShape, map.phases === undefined ? {} : map.phases, ['phases'])
  if (map.faults === undefined)
    collect.add([], 'key-missing', 'needs the key “faults”', { fix: 'write e.g. faults: [{ type: pause, target: { process: NAME } }]' })
  const faults = resolveFaults(checking, map.faults, { ...around, proxies, sources, declared })
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
    proxies,
    sources,
    measures,
    phases,
    faults,
  }
  checkItself(collect, experiment, around.catalogue)
  return collect.failed ? undefined : experiment
}

/** Keys that stand inside a part, for those who have lost their indentation. */
const homes: readonly (readonly [part: string, keys: readonly string[]])[] = [
  ['traffic', Object.keys(trafficShape.shape)],
  ['phases', Object.keys(phasesShape.shape)],
  ['the fault it belongs to', ['type', 'target', 'after', 'for', 'every', 'ramp', 'with']],
]

function unknownTopKey(checking: Checking, key: string): void {
  const home = knownMeasure(key) ? 'measures' : homes.find(([, keys]) => keys.includes(key))?.[0]
  if (home === undefined || nearest(key, topKeys) !== undefined) return unknownKey(checking, [key], key, topKeys)
  checking.collect.add([key], 'key-unknown', 'this key does not stand at the top', { at: 'key', fix: `indent it below ${home}` })
}

/** Documents of other tools get one problem that says so, not one for each of their keys. */
function isOfOtherTool({ collect }: Checking, map: Record<string, unknown>): boolean {
  const key = ['method', 'steady-state-hypothesis', 'apiVersion'].find((mark) => mark in map)
  if (key === undefined) return false
  const tool = key === 'apiVersion' ? `Kubernetes${typeof map.kind === 'string' ? ` (${quote(map.kind)})` : ''}` : 'Chaos Toolkit'
  const ours = 'faults' in map
  const message = ours
    ? `the document is of two tools at once: faults is ours, ${key} is of ${tool}`
    : `this is a document of ${tool}, which is not read yet`
  const fix = ours ? `remove ${key}` : 'write name, hypothesis, environment, traffic and faults; squall faults lists what there is'
  collect.add([key], 'other-format', message, { at: 'key', fix })
  return true
}

function pick(map: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => key in map).map((key) => [key, map[key]]))
}
