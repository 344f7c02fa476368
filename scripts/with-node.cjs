'use strict'
// Starts a script of this project with a Node that can run it: `node scripts/with-node.cjs scripts/x.ts [args…]`.
// Old syntax and no packages: this file itself must run on any Node from 12 on.
//   1. installs the packages when they are missing or older than package-lock.json;
//   2. takes this Node when it is new enough, else the pinned one of scripts/runtime/ (fetched once);
//   3. starts the script, passes signals on, and ends as the script ends.
var childProcess = require('child_process')
var fs = require('fs')
var path = require('path')

var root = path.dirname(__dirname)
var runtime = path.join(__dirname, 'runtime')
// Development needs optional packages (compiled tools) and the development ones, whatever npm is told elsewhere.
var installFlags = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=optional', '--include=dev']
var lockPatience = 10 * 60 * 1000

main()

function main() {
  if (process.argv.length < 3) return fail('usage: node scripts/with-node.cjs SCRIPT [ARGUMENT…]')
  ensureInstalled(root, 'the packages', function () {
    if (newEnough(process.versions.node)) return start(process.execPath)
    var folder = pinnedFolder()
    if (!folder) return undefined
    ensureInstalled(runtime, 'Node 24 (once; the installed ' + process.versions.node + ' is too old)', function () {
      var node = path.join(folder, 'bin', 'node')
      if (!fs.existsSync(node)) return fail('npm finished, but ' + node + ' is not there. Install Node 22.19 or newer: https://nodejs.org')
      start(node)
    })
  })
}

function newEnough(version) {
  var parts = version.split('.')
  return Number(parts[0]) > 22 || (Number(parts[0]) === 22 && Number(parts[1]) >= 19)
}

function pinnedFolder() {
  if (process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')) {
    return path.join(runtime, 'node_modules', 'node-linux-' + process.arch)
  }
  return fail(
    'Squall needs Node 22.19 or newer; this is Node ' +
      process.versions.node +
      ', and there is no pinned one for ' +
      process.platform +
      ' ' +
      process.arch +
      '. Install a newer Node: https://nodejs.org',
  )
}

function installed(folder) {
  try {
    var mark = fs.statSync(path.join(folder, 'node_modules', '.package-lock.json'))
    return mark.mtimeMs >= fs.statSync(path.join(folder, 'package-lock.json')).mtimeMs
  } catch {
    return false
  }
}

// One install at a time: the folder is made by exactly one of two starters, the other waits until it is gone.
function ensureInstalled(folder, what, then) {
  if (installed(folder)) return then()
  var lock = path.join(folder, '.installing')
  try {
    fs.mkdirSync(lock)
  } catch (error) {
    if (error.code !== 'EEXIST') return fail('cannot write to ' + folder + ': ' + error.message)
    return waitForOther(folder, lock, what, then)
  }
  fs.writeFileSync(path.join(lock, 'pid'), String(process.pid))
  if (installed(folder)) {
    removeLock(lock)
    return then()
  }
  install(folder, what, function (problem) {
    removeLock(lock)
    if (problem) return fail(problem)
    then()
  })
}

function waitForOther(folder, lock, what, then) {
  var started = Date.now()
  process.stderr.write('waiting for another start that installs ' + what + '\n')
  var timer = setInterval(function () {
    if (fs.existsSync(lock) && ownerLives(lock)) {
      if (Date.now() - started < lockPatience) return
      clearInterval(timer)
      fail('another install has been going on for 10 minutes; when that is not so, remove ' + lock)
      return
    }
    clearInterval(timer)
    removeLock(lock)
    ensureInstalled(folder, what, then)
  }, 200)
}

function ownerLives(lock) {
  var pid
  try {
    pid = Number(fs.readFileSync(path.join(lock, 'pid'), 'utf8'))
  } catch {
    return true // Just being made, or just going: the next look tells.
  }
  try {
    if (pid > 0) process.kill(pid, 0)
    return pid > 0
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function removeLock(lock) {
  try {
    fs.unlinkSync(path.join(lock, 'pid'))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  try {
    fs.rmdirSync(lock)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function install(folder, what, then) {
  process.stderr.write('installing ' + what + ' …\n')
  var npm = process.env.npm_execpath
  // npm_execpath may belong to another tool (yarn, pnpm), which does not know `ci` and its lock file.
  var own = npm && /npm-cli\.[cm]?js$/.test(npm)
  var file = own ? process.execPath : 'npm'
  var args = (own ? [npm] : []).concat(installFlags)
  // Without the caller's omit rules: npm 10 lets them win over a configuration file, and warns about them.
  var env = Object.assign({}, process.env)
  delete env.npm_config_omit
  delete env.npm_config_production
  var child = childProcess.spawn(file, args, { cwd: folder, env: env, stdio: ['ignore', 2, 2] })
  var pass = passSignals(child)
  child.on('error', function (error) {
    pass.stop()
    then('npm cannot be started (' + error.message + '). Install npm, or run npm ci in ' + folder + ' yourself.')
  })
  child.on('exit', function (code, signal) {
    pass.stop()
    if (code === 0) {
      touch(path.join(folder, 'node_modules', '.package-lock.json'))
      return then()
    }
    then('npm ci failed in ' + folder + (signal ? ' (' + signal + ')' : ' (exit code ' + code + ')'))
  })
}

// A lock file may be younger than an install that had nothing to write.
function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date())
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function start(node) {
  var env = Object.assign({}, process.env)
  // `node` inside means the same runtime, also for scripts that start others.
  env.PATH = path.dirname(node) + path.delimiter + (env.PATH || '')
  var child = childProcess.spawn(node, process.argv.slice(2), { env: env, stdio: 'inherit' })
  var pass = passSignals(child)
  child.on('error', function (error) {
    pass.stop()
    fail(node + ' cannot be started: ' + error.message)
  })
  child.on('exit', function (code, signal) {
    pass.stop()
    if (signal) process.kill(process.pid, signal)
    else process.exitCode = code
  })
}

// The terminal sends SIGINT to the child as well: we only stay until it has ended. The others reach only us.
function passSignals(child) {
  function pass(signal) {
    child.kill(signal)
  }
  function stay() {}
  process.on('SIGINT', stay)
  process.on('SIGTERM', pass)
  process.on('SIGHUP', pass)
  return {
    stop: function () {
      process.removeListener('SIGINT', stay)
      process.removeListener('SIGTERM', pass)
      process.removeListener('SIGHUP', pass)
    },
  }
}

function fail(sentence) {
  process.stderr.write('squall: ' + sentence + '\n')
  process.exitCode = 2
}
