/** A small document store: a path is a key, a document is JSON. In memory for reading, in an append-only file for the next start. */
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { neighbour, serve } from './service.ts'

const file = neighbour('STORE_FILE')
const documents = new Map<string, unknown>()

if (existsSync(file)) {
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const [key, document] = JSON.parse(line)
    documents.set(key, document)
  }
}
const log = createWriteStream(file, { flags: 'a' })

put('/products', [
  { id: 'tea', price: 4 },
  { id: 'kettle', price: 29 },
  { id: 'cup', price: 6 },
])
put('/orders/first', { id: 'first', wanted: { product: 'tea', amount: 1 }, payment: 'paid' })

serve(async ({ method, path, body }) => {
  if (method === 'PUT') {
    put(path, body)
    return { status: 200, body }
  }
  const document = documents.get(path)
  return document === undefined ? { status: 404, body: { error: 'no such document' } } : { status: 200, body: document }
})

function put(key: string, document: unknown): void {
  documents.set(key, document)
  log.write(`${JSON.stringify([key, document])}\n`)
}
