/** A caller that reaches what it needs by the proxy of the experiment: the two services of several scenarios. */
import type { Stage } from './target.ts'

export interface BehindProxy {
  /** The service that is asked for `page`, and what people call it. */
  caller: string
  callerWords?: string
  /** The service behind, what it is called when it is asked, and when it is said where it is. */
  callee: string
  asks?: string
  calleeWords?: string
  /** In which variable of the environment the caller finds the address of the proxy. */
  env: string
  page: string
  /** The document's variable for the service behind, and whether its proxy is to understand requests. */
  variable: string
  carries: 'http' | 'bytes'
  /** What the form that survives does, and the weak one. */
  survives: string
  weak: string
}

/** Three ports: the caller, the service behind, and the one on which the run starts its proxy. */
export async function startBehindProxy(stage: Stage, system: BehindProxy): Promise<{ url: string; vars: Record<string, string> }> {
  const { caller, callerWords = caller, callee, asks = callee, calleeWords = asks, env, page, variable, carries, survives, weak } = system
  const [door, behind, proxy] = [stage.port(0), stage.port(1), stage.port(2)]
  await stage.service(callee, { env: { PORT: `${behind}` } })
  const way = { [env]: `http://127.0.0.1:${proxy}` }
  await stage.service(caller, { env: { PORT: `${door}`, ...way, SURVIVES: stage.survives ? '1' : '0' } })
  stage.part(
    `${callerWords} on ${door} asks ${asks} by ${proxy}, where the proxy of the experiment listens; ${calleeWords} is on ${behind}`,
  )
  stage.part(stage.survives ? survives : weak)
  const url = `http://127.0.0.1:${door}${page}`
  const upstream = `${carries === 'http' ? 'http://' : ''}127.0.0.1:${behind}`
  return { url, vars: { url, proxy: `127.0.0.1:${proxy}`, [variable]: upstream } }
}
