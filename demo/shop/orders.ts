/** Products and orders. Only a new order needs a payment; everything else needs the store alone. */
import { call } from './call.ts'
import { createPayer } from './pay.ts'
import { type Answer, neighbour, serve } from './service.ts'

const store = neighbour('STORE_URL')
const payer = createPayer(neighbour('PAYMENTS_URL'), process.env.SHOP_FIXED === '1', markPaid)
let lastId = 0

serve(async ({ method, path, body }) => {
  if (method === 'POST' && path === '/orders') return order(body)
  if (method === 'GET' && path === '/products') return call(`${store}/products`)
  if (method === 'GET' && path.startsWith('/orders/')) return call(store + path)
  return { status: 404, body: { error: 'no such page' } }
})

async function order(wanted: unknown): Promise<Answer> {
  const id = `${++lastId}`
  await call(`${store}/orders/${id}`, 'PUT', { id, wanted, payment: 'pending' })
  if (!(await payer.pay(id))) return { status: 202, body: { id, payment: 'pending' } }
  await markPaid(id)
  return { status: 201, body: { id, payment: 'paid' } }
}

async function markPaid(id: string): Promise<void> {
  const { body } = await call(`${store}/orders/${id}`)
  await call(`${store}/orders/${id}`, 'PUT', { ...(body as object), payment: 'paid' })
}
