/** The program: everything after the version gate of bin/squall.js. */
import { runCommandLine } from './program.ts'

process.exitCode = await runCommandLine(process.argv.slice(2))
