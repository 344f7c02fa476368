/** What SQLite's result codes mean to us (sqlite.org/rescode.html; the low byte is the primary code). */

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** Somebody else holds the lock: worth another try. BUSY, LOCKED. */
export function isBusy(error: unknown): boolean {
  return [5, 6].includes(primaryCode(error) ?? -1)
}

/** The file is not what it should be. CORRUPT, NOTADB. */
export function isDamaged(error: unknown): boolean {
  return [11, 26].includes(primaryCode(error) ?? -1)
}

/** The file or its folder may not be written. READONLY, CANTOPEN. */
export function isForbidden(error: unknown): boolean {
  return [8, 14].includes(primaryCode(error) ?? -1)
}

/** The place the file lies on fails, not the statement: BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB. */
export function isStorageFailure(error: unknown): boolean {
  return [5, 6, 7, 8, 10, 11, 13, 14, 26].includes(primaryCode(error) ?? -1)
}

/** SQLite's words, short: `database or disk is full`. */
export function reasonOf(error: unknown): string {
  const { errstr, message } = error as { errstr?: string; message?: string }
  return errstr && message && errstr !== message ? `${message} (${errstr})` : (message ?? errstr ?? String(error))
}
