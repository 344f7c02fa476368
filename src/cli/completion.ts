/** `squall completion SHELL`: prints what a shell must read to complete Squall's commands, options, runs and files. */
import { SquallError } from '../errors.ts'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { zshScript } from './completion/zsh.ts'
import type { Command } from './context.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

const completion: Command = async ([shell = ''], _options, context) => {
  if (!Object.hasOwn(scripts, shell))
    throw new SquallError('usage', `there is no completion for ${shell}`, { hint: `There is one for ${Object.keys(scripts).join(', ')}.` })
  const { commands, globals } = await context.shape()
  const script = scripts[shell as keyof typeof scripts](commands, globals)
  context.out(context.json ? JSON.stringify({ schema: 'squall.completion/1', shell, script }, null, 2) : script)
  return 0
}
export default completion
