/**
 * The door of the shop. At most 20 requests are passed on at a time; the others wait for a free slot, one second at most.
 * That protects what lies behind it, but it also joins things that have nothing to do with each other: a slot is held until
 * the answer comes, so requests that hang take the slots away from requests that would not.
 */
import { call } from './call.ts'
import { neighbour, serve } from './service.ts'
import { createSlots } from './slots.ts'

const orders = neighbour('ORDERS_URL')
const slots = createSlots(20, 1000)

serve(async ({ method, path, body }) => {
  const release = await slots.take()
  if (release === null) return { status: 503, body: { error: 'the shop is busy: no free slot within a second' } }
  try {
    return await call(orders + path, method, body)
  } finally {
    release()
  }
})
