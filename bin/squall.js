#!/usr/bin/env node
// The gate. Old syntax and no static import: an old Node must get as far as the sentence below instead of a syntax error.
var parts = process.versions.node.split('.')
var major = Number(parts[0])
var minor = Number(parts[1])

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    'squall: Squall needs Node 22.19 or newer; this is Node ' +
      process.versions.node +
      '.\n  hint: Install a newer Node (https://nodejs.org), or run Squall with another one: /path/to/node ' +
      process.argv[1] +
      '\n  code: node-too-old\n',
  )
  process.exitCode = 2
} else {
  start()
}

function start() {
  var fs = process.getBuiltinModule('node:fs')
  var words = process.argv.slice(2)
  if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
    process.stdout.write(JSON.parse(fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version + '\n')
    return
  }
  if (major < 24) hideSqliteWarning()
  var cache = cacheFolder(fs)
  if (cache) process.getBuiltinModule('node:module').enableCompileCache(cache)
  import('../dist/cli.js').catch(function (error) {
    process.stderr.write('squall: it cannot be loaded: ' + ((error && error.stack) || error) + '\n')
    process.exitCode = 5
  })
}

// Compiled code is only kept where nobody else could have planted it: in a home folder of our own (not so after sudo).
function cacheFolder(fs) {
  var home = process.env.HOME
  var base = process.env.XDG_CACHE_HOME || (home && home + '/.cache')
  try {
    return base && fs.statSync(process.env.XDG_CACHE_HOME || home).uid === process.getuid() ? base + '/squall/compiled' : undefined
  } catch {
    return undefined // No home, no cache: only slower.
  }
}

// Node 22 calls its SQLite experimental at each start; all other warnings stay.
function hideSqliteWarning() {
  process.removeAllListeners('warning')
  process.on('warning', function (warning) {
    if (warning.name === 'ExperimentalWarning' && warning.message.indexOf('SQLite') === 0) return
    process.stderr.write('(node:' + process.pid + ') ' + warning.name + ': ' + warning.message + '\n')
  })
}
