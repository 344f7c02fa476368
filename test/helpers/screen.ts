/** A small terminal: what stands on its screen after a program wrote to it. Knows just the sequences that the live view uses, and refuses others. */
export interface Screen {
  write(text: string): void
  /** Visible lines, without blanks at their ends; empty ones at the end left out. */
  lines(): string[]
  /** Folds and unfolds lines as terminals do. */
  resize(columns: number): void
}

/** A row of the screen; `folded`: it goes on in the next one. */
interface Row {
  text: string[]
  folded: boolean
}

export function createScreen(columns: number, rows: number): Screen {
  let grid: Row[] = [{ text: [], folded: false }]
  let [row, column] = [0, 0]
  const at = (n: number): Row => (grid[n] ??= { text: [], folded: false })
  const put = (character: string): void => {
    if (column >= columns) {
      at(row).folded = true
      row++
      column = 0
    }
    const { text } = at(row)
    while (text.length < column) text.push(' ')
    text[column++] = character
  }
  const order = (code: string): void => {
    const [, count, letter] = /^\[\??(\d*)(?:;\d+)*([A-Za-z])$/.exec(code) ?? []
    if (letter === 'A') row = Math.max(Math.max(0, grid.length - rows), row - Number(count || 1))
    else if (letter === 'J' && !count) {
      grid = grid.slice(0, row + 1)
      at(row).text = at(row).text.slice(0, column)
    } else if (letter === 'K' && !count) Object.assign(at(row), { text: at(row).text.slice(0, column), folded: false })
    else if (letter !== 'm' && count !== '2026') throw new Error(`the screen does not know ${JSON.stringify(code)}`)
  }
  return {
    write(text) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it reads
      for (const [token, code] of text.matchAll(/\x1b(\[[?0-9;]*[A-Za-z])|[^]/gu)) {
        if (code !== undefined) order(code)
        else if (token === '\r') column = 0
        else if (token === '\n') {
          row++
          column = 0
          at(row)
        } else put(token)
      }
    },
    lines() {
      const all = grid.map(({ text }) => text.join('').trimEnd())
      return all.slice(0, all.findLastIndex((line) => line !== '') + 1)
    },
    resize(wanted) {
      const whole: string[][] = []
      let line: string[] = []
      for (const { text, folded } of grid) {
        line.push(...text)
        if (folded) continue
        whole.push(line)
        line = []
      }
      const last = whole.length - 1
      grid = whole.flatMap((text) => {
        const parts = Array.from({ length: Math.max(1, Math.ceil(text.length / wanted)) }, (_, n) =>
          text.slice(n * wanted, (n + 1) * wanted),
        )
        return parts.map((part, n) => ({ text: part, folded: n < parts.length - 1 }))
      })
      columns = wanted
      row = grid.length - 1
      column = whole[last]?.length ? (grid[row]?.text.length ?? 0) : 0
    },
  }
}
