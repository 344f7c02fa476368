/** The call to payments, with the weakness and without. */
import { createBreaker } from './breaker.ts'
import { call } from './call.ts'

export interface Payer {
  /** True: paid. False: not yet, it will be paid later. */
  pay(order: string): Promise<boolean>
}

/**
 * The weakness: `fixed` false waits for payments as long as it takes.
 * The cure: a timeout, so that no order waits longer than 500 ms; a circuit breaker, so that after five failures in a row
 * nobody waits at all; and the orders left over are paid when payments is back (`paidLater` hears of each).
 */
export function createPayer(payments: string, fixed: boolean, paidLater: (order: string) => Promise<void>): Payer {
  if (!fixed) return { pay: (order) => charge(payments, order) }

  const breaker = createBreaker({ failures: 5, retryAfter: 1000 })
  const pay = (order: string): Promise<boolean> => breaker.run(() => charge(payments, order, 500))
  const unpaid: string[] = []

  setInterval(async () => {
    const next = breaker.closed() ? unpaid.shift() : undefined
    if (next === undefined) return
    if (await pay(next)) await paidLater(next)
    else unpaid.push(next)
  }, 50)

  return {
    async pay(order) {
      const paid = await pay(order)
      if (!paid) unpaid.push(order)
      return paid
    },
  }
}

/** Charging the same order twice is safe: payments knows the orders that it has charged. */
async function charge(payments: string, order: string, timeout?: number): Promise<boolean> {
  const { status } = await call(`${payments}/charges/${order}`, 'PUT', null, timeout)
  return status === 200
}
