import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { before, suite, test } from 'node:test'
import { read, root } from './sources.ts'

interface Manifest {
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

suite('the package', () => {
  const manifest = JSON.parse(read('package.json')) as Manifest
  let packed: string[] = []

  before(() => {
    const result = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', timeout: 60_000 })
    assert.equal(result.status, 0, result.stderr)
    // npm 12 gives an object by package name, the ones before a list.
    const answer = JSON.parse(result.stdout) as Record<string, { files: { path: string }[] }>
    packed = (Object.values(answer)[0]?.files ?? []).map(({ path }) => path)
  })

  test('holds what it promises', () => {
    const promised = [
      'bin/squall.js',
      'dist/cli.js',
      'dist/guardian.js',
      'dist/index.js',
      'dist/test-injector.js',
      'schema/experiment.json',
      'schema/export.json',
    ]
    const papers = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']
    assert.deepEqual(
      [...promised, ...papers].filter((path) => !packed.includes(path)),
      [],
    )
  })

  test('holds nothing else: no sources, tests, tools or runtime', () => {
    const foreign = packed.filter(
      (path) =>
        !/^(?:bin|dist|schema)\/|^scenarios\/\d\d-[a-z-]+\/[\w-]+\.(?:yaml|md|mjs)$|^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(
          path,
        ),
    )
    assert.deepEqual(foreign, [])
    assert.deepEqual(
      packed.filter((path) => path.endsWith('.inputs') || path.includes('node_modules')),
      [],
    )
  })

  test('each script replaces its shell, so that signals arrive', () => {
    const wrong = Object.entries(manifest.scripts).filter(([, text]) => !text.startsWith('exec node scripts/with-node.cjs '))
    assert.deepEqual(wrong, [])
  })

  test('depends on exact versions only', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    assert.deepEqual(
      all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    )
  })

  test('has a reason written down for each dependency, and for no other', () => {
    const rows = [...read('docs/dependencies.md').matchAll(/^\| ([@\w/-]+) \| \d/gm)].map(([, name = '']) => name)
    assert.deepEqual(rows.toSorted(), Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).toSorted())
  })

  test('a lock file without addresses', () => {
    assert.doesNotMatch(read('package-lock.json'), /"resolved"/)
  })
})
