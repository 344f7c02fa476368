/** Where Squall deliberately differs from Toxiproxy 2.12.0. Every test that meets one names it, and docs/toxiproxy.md lists exactly these. */
export interface Deviation {
  /** As in the table of docs/toxiproxy.md. */
  id: string
  toxiproxy: string
  squall: string
}

export const deviations = [
  {
    id: 'control-never-waits',
    toxiproxy: 'A dial that hangs blocks the proxy’s accepts and every change to it: 503 after 25 s.',
    squall: 'Dials run side by side; the API answers at once.',
  },
  {
    id: 'half-close',
    toxiproxy: 'When one side ends its half, both sides are closed.',
    squall: 'The end is passed on and the other half goes on, so an answer after `end` arrives.',
  },
  {
    id: 'reset-live',
    toxiproxy: '`reset_peer` closes connections that existed before it with a plain FIN.',
    squall: 'They get a real RST too.',
  },
  {
    id: 'wrong-values',
    toxiproxy: 'A negative `rate` and an `average_size` of 0 are taken, and kill the server at the first byte.',
    squall: 'They are refused with 400, and the text says why.',
  },
  {
    id: 'refused-changes-nothing',
    toxiproxy: 'A change of a toxic that is refused for one attribute has changed those before it.',
    squall: 'A change that is refused changes nothing.',
  },
] as const satisfies readonly Deviation[]

export type DeviationId = (typeof deviations)[number]['id']
