#!/usr/bin/env node
/** The operator's side of the identity provider: `idp.mjs revoke|restore|is-revoked URL CLIENT`. `is-revoked` ends with 0 for yes, 1 for no. */
const [what, url, client] = process.argv.slice(2)
const methods = { revoke: 'PUT', restore: 'DELETE', 'is-revoked': 'GET' }
if (!(what in methods) || !client) {
  console.error('usage: idp.mjs revoke|restore|is-revoked URL CLIENT')
  process.exit(2)
}
try {
  const answer = await fetch(`${url}/clients/${client}/revoked`, { method: methods[what], signal: AbortSignal.timeout(5_000) })
  const { revoked } = await answer.json()
  console.log(`tokens of ${client} are ${revoked ? 'revoked' : 'good'}`)
  if (what === 'is-revoked') process.exitCode = revoked ? 0 : 1
} catch (error) {
  console.error(`the identity provider does not answer: ${error.message}`)
  process.exitCode = 3
}
