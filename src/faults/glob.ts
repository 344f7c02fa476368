/** Name patterns as in a shell: `*` any text, `?` one character; everything else stands for itself. The whole text must match. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const body = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
  const expression = new RegExp(`^${body}$`, 'su')
  return (text) => expression.test(text)
}
