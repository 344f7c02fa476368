/** Reads the chunks of a body as they pass: how many bytes belong to it, which of them are content, and where it ends. */

export interface ChunkReader {
  /** Looks at `data` from `from`. `end`: up to where it was understood; `is` says what came then. Content is added to `content`. */
  read(data: Buffer, from: number, content: Buffer[]): { end: number; is: 'more' | 'done' | 'wrong' }
}

/** Bytes of a line: size and extensions, or one field of the trailer. */
const longestLine = 16 * 1024
/** Bytes of all of the trailer. */
const longestTrailer = 64 * 1024

const sizeLine = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n$/
const trailerLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/

export function chunkReader(): ChunkReader {
  let part: 'size' | 'data' | 'after data' | 'trailer' = 'size'
  /** Bytes of this chunk that are still to come. */
  let left = 0
  let line = ''
  let trailer = 0

  /** Takes up to the next line feed; true when the line is complete. */
  function takeLine(data: Buffer, from: number): { end: number; complete: boolean } {
    const feed = data.indexOf(10, from)
    const end = feed === -1 ? data.length : feed + 1
    line += data.toString('latin1', from, Math.min(end, from + longestLine + 1))
    return { end, complete: feed !== -1 }
  }

  /** What the complete line means. */
  function endLine(): 'more' | 'done' | 'wrong' {
    const text = line
    line = ''
    if (part === 'after data') {
      part = 'size'
      return text === '\r\n' ? 'more' : 'wrong'
    }
    if (part === 'trailer') {
      trailer += text.length
      if (text === '\r\n') return 'done'
      return trailer <= longestTrailer && trailerLine.test(text) ? 'more' : 'wrong'
    }
    const size = sizeLine.exec(text)?.[1]
    if (size === undefined) return 'wrong'
    left = Number.parseInt(size, 16)
    part = left === 0 ? 'trailer' : 'data'
    return 'more'
  }

  return {
    read(data, from, content) {
      let at = from
      while (at < data.length) {
        if (part === 'data') {
          const end = Math.min(data.length, at + left)
          content.push(data.subarray(at, end))
          left -= end - at
          at = end
          if (left === 0) part = 'after data'
          continue
        }
        const { end, complete } = takeLine(data, at)
        if (line.length > longestLine) return { end: at, is: 'wrong' }
        at = end
        if (!complete) break
        const is = endLine()
        if (is !== 'more') return { end: at, is }
      }
      return { end: at, is: 'more' }
    },
  }
}
