/** From filled-in data to an experiment: every part, every default, all problems at once. */

import { checkItself } from './check-itself.ts'
import type { Checking } from './check-shape.ts'
import { checkShape, unknownKey } from './check-shape.ts'
import type { Experiment } from './experiment.ts'
import { asMap } from './located.ts'
import { quote } from './quantity.ts'
import { type FaultSurroundings, resolveFaults } from './resolve-faults.ts'
import { isJudged, resolveMeasures } from './resolve-measures.ts'
import { resolveProxies } from './resolve-proxies.ts'
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
export function resolveExperiment(checking: Checking, value: unknown, around: Omit<FaultSurroundings, 'proxies'>): Experiment | undefined {
  const { collect } = checking
  const map = asMap(value)
  if (!map)
    return void collect.add([], 'wrong-type', 'a document is a map', {
      fix: 'begin with name: …, hypothesis: …, environment: test',
    })
  if (isOfOtherTool(checking, map)) return undefined
  for (const key of Object.keys(map)) {
    // JSON documents tell their editor the schema by this key; YAML has a comment for it.
    if (!topKeys.includes(key) && key !== '$schema') unknownKey(checking, [key], key, topKeys)
  }
  const head = checkShape(checking, headShape, pick(map, Object.keys(headShape.shape)), [])
  const traffic = resolveTraffic(checking, map.traffic)
  const { sources, declared } = resolveSources(checking, map.sources, around)
  const proxies = resolveProxies(checking, map.proxies, declared)
  if (proxies.length > 0)
    collect.add(['proxies'], 'not-available-yet', 'proxies are read and checked, but this version cannot run them yet', {
      at: 'key',
      fix: 'let the fault act on a process or the host instead',
    })
  const measures = resolveMeasures(checking, map.measures, { hasTraffic: map.traffic !== undefined, declared, proxies })
  const phases = checkShape(checking, phasesShape, map.phases === undefined ? {} : map.phases, ['phases'])
  if (map.faults === undefined)
    collect.add([], 'key-missing', 'needs the key “faults”', { fix: 'write e.g. faults: [{ type: pause, target: { process: NAME } }]' })
  const faults = resolveFaults(checking, map.faults, { ...around, proxies })
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

/** Documents of other tools get one problem that says so, not one for each of their keys. */
function isOfOtherTool({ collect }: Checking, map: Record<string, unknown>): boolean {
  const key = ['method', 'steady-state-hypothesis', 'apiVersion'].find((mark) => mark in map)
  if (key === undefined) return false
  const tool = key === 'apiVersion' ? `Kubernetes (${quote(typeof map.kind === 'string' ? map.kind : 'no kind')})` : 'Chaos Toolkit'
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
