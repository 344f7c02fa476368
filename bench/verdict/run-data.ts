/** What the samples belong to: an experiment with the default measures. */
import type { Experiment, Limit, Measure } from '../../src/document/experiment.ts'
import type { RunData, TrafficSecond } from '../../src/records/run-data.ts'
import type { Cell } from './plan.ts'

export function runData(cell: Cell, traffic: TrafficSecond[]): RunData {
  const { window, gap } = cell.story
  const at = (second: number): number => second * 1000
  return {
    id: 'bench',
    experiment: experiment(cell),
    startedAt: '2026-01-01T00:00:00.000Z',
    phases: [
      { phase: 'baseline', from: 0, to: at(window) },
      { phase: 'fault', from: at(window), to: at(window + gap) },
      { phase: 'recovery', from: at(window + gap), to: at(2 * window + gap) },
    ],
    traffic,
    samples: {},
    changes: [],
  }
}

/** The default measures of requirement A6, with the cell's own margin on p99. */
function experiment({ story, factor }: Cell): Experiment {
  const times = (x: number, floor: number): Limit => ({ kind: 'times', factor: x, floor })
  const measure = (name: string, is: Measure['is'], unit: Measure['unit'], max: Measure['max'], min: Measure['min'] = {}): Measure => ({
    name,
    is,
    unit,
    from: 'traffic',
    query: name,
    max,
    min,
  })
  return {
    name: 'bench',
    hypothesis: 'nothing is wrong',
    environment: 'test',
    tags: [],
    traffic: { rate: story.rate, requests: [], timeout: 10_000, ok: { status: ['2xx'] } },
    proxies: [],
    sources: [],
    measures: [
      measure('latency_p99', { kind: 'latency', quantile: 0.99 }, 'ms', { recovery: { limit: times(factor, 5), text: `${factor}x` } }),
      measure('error_rate', { kind: 'share' }, 'share', {
        fault: { limit: { kind: 'absolute', value: 0.5 }, text: '50%' },
        recovery: { limit: times(1.5, 0.005), text: '1.5x' },
      }),
      measure('throughput', { kind: 'level' }, '/s', {}, { recovery: { limit: times(0.9, 0), text: '0.9x' } }),
    ],
    phases: { warmup: 0, baseline: story.window * 1000, fault: story.gap * 1000, recovery: story.window * 1000 },
    faults: [],
  }
}
