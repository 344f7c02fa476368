import { parentPort } from 'node:worker_threads'
import { cells } from './plan.ts'
import { simulate } from './simulate.ts'

export interface Job {
  cell: number
  world: string
  seed: number
  runs: number
}

parentPort?.on('message', ({ cell, world, seed, runs }: Job) => {
  const plan = cells[cell]
  if (plan) parentPort?.postMessage({ cell, world, tally: simulate(plan, world, seed, runs) })
})
