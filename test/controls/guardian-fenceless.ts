/** Negative control of the kill campaign: a guardian that ends nothing before it undoes. Never in the package. */
import { injectors } from '../../src/catalogue.ts'
import { guardianMain } from '../../src/guardian/main.ts'

await guardianMain(process.argv.slice(2), { injectors, fence: () => Promise.resolve() })
