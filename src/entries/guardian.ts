/** The guardian's process: `own RUN` for one run, `sweep RUN…` to finish what dead ones left. */
import { injectors } from '../catalogue.ts'
import { guardianMain } from '../guardian/main.ts'

await guardianMain(process.argv.slice(2), { injectors })
