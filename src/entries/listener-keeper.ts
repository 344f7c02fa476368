/** Holds listening sockets that nobody accepts from: connections wait in the kernel's queue, or are not answered when that is full. */
const kept = new Map<number, { close?(): void }>()

process.on('message', ({ say, key, id }: { say: string; key: number; id: number }, handle) => {
  if (say === 'keep') kept.set(key, handle as never)
  if (say === 'drop') {
    kept.get(key)?.close?.()
    kept.delete(key)
  }
  if (say === 'hand over') process.send?.({ id }, kept.get(key) as never)
  else process.send?.({ id })
})
process.on('disconnect', () => {
  for (const handle of kept.values()) handle.close?.()
})
