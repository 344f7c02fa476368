/** Negative control of the kill campaign: a guardian that does not notice the end of its pipe. Never in the package. */
import { PassThrough } from 'node:stream'
import { injectors } from '../../src/catalogue.ts'
import { guardianMain } from '../../src/guardian/main.ts'

const deaf = new PassThrough()
process.stdin.pipe(deaf, { end: false })
await guardianMain(process.argv.slice(2), { injectors, input: deaf })
