/** An experiment as others may see it. */
import type { Experiment } from '../document/experiment.ts'

/** Without the credentials in its headers. */
export function shownExperiment(experiment: Experiment): Experiment {
  const { traffic } = experiment
  if (!traffic) return experiment
  const requests = traffic.requests.map((request) => ({ ...request, headers: withoutCredentials(request.headers) }))
  return { ...experiment, traffic: { ...traffic, requests } }
}

function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  const secret = /authorization|cookie|token|secret|password|api-?key/i
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, secret.test(name) ? '(left out)' : value]))
}
