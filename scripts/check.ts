/**
 * `npm run check`: types, lint, format, unused code, package, lock file, generated files, all at once, every problem listed.
 * `--fix` formats and generates first. The rules about the code itself (import directions, sizes) are tests: test/house/.
 */
import { globSync } from 'node:fs'
import { buildPackage } from './build.ts'
import { type ProgramResult, runProgram } from './lib/programs.ts'
import { root } from './lib/root.ts'

interface Check {
  name: string
  run(): Promise<ProgramResult>
}

const generators = (): string[] => globSync('scripts/generate-*.ts', { cwd: root }).sort()

function checks(): Check[] {
  return [
    { name: 'types', run: () => runProgram('tsc', ['--noEmit', '-p', '.']) },
    { name: 'lint', run: () => runProgram('oxlint', ['--type-aware', '--deny-warnings', '--format=unix']) },
    { name: 'format', run: () => runProgram('biome', ['check', '--reporter=summary', '.']) },
    { name: 'unused code', run: () => runProgram('knip', ['--no-progress']) },
    { name: 'package', run: () => runProgram('publint', ['--strict', '--pack', 'false']) },
    { name: 'lock file', run: () => runProgram('node', ['scripts/complete-lock.ts', '--check']) },
    ...generators().map((file) => ({ name: file, run: () => runProgram('node', [file, '--check']) })),
  ]
}

/** Puts right what a program can put right. */
async function fix(): Promise<void> {
  for (const file of generators()) await runProgram('node', [file])
  const { code, output } = await runProgram('biome', ['check', '--write', '.'])
  if (code !== 0) process.stderr.write(output)
}

/** Runs all checks and lists what they found on stderr. True when nothing was found. */
export async function runChecks(): Promise<boolean> {
  await buildPackage({ types: true })
  const results = await Promise.all(checks().map(async ({ name, run }) => ({ name, ...(await run()) })))
  for (const { name, code, output, ms } of results) {
    process.stderr.write(`${code === 0 ? '✔' : '✖'} ${name} (${(ms / 1000).toFixed(1)} s)\n`)
    if (code !== 0) process.stderr.write(`${output.trimEnd().replace(/^/gm, '    ')}\n`)
  }
  return results.every(({ code }) => code === 0)
}

if (import.meta.main) {
  if (process.argv.includes('--fix')) await fix()
  try {
    process.exitCode = (await runChecks()) ? 0 : 1
  } catch (error) {
    if (!(error instanceof Error && 'errors' in error))
      process.stderr.write(`✖ ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
