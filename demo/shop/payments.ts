/** Charges a card for an order: 150 to 250 ms, as long as a bank takes. An order is charged once, however often it is asked for. */
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from './service.ts'

const charges = new Map<string, Promise<void>>()

serve(async ({ method, path }) => {
  if (method !== 'PUT' || !path.startsWith('/charges/')) return { status: 404, body: { error: 'no such page' } }
  let charge = charges.get(path)
  if (!charge) {
    charge = sleep(150 + 100 * Math.random())
    charges.set(path, charge)
  }
  await charge
  return { status: 200, body: { charged: true } }
})
