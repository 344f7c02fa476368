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
  {
    id: 'wildcard-again',
    toxiproxy: 'A client that sends the wildcard again as it knows it (`0.0.0.0:8666`, said to be `[::]:8666`) ends all connections.',
    squall: 'It is the same address: connections go on.',
  },
  {
    id: 'timeout-spares-whole',
    toxiproxy: 'Taking a `timeout` away closes every connection, also those that its toxicity left out or that were idle.',
    squall: 'Those that have lost data are closed; the others go on.',
  },
  {
    id: 'held-is-kept',
    toxiproxy: 'When a toxic is removed, what it holds is thrown away unless the receiver takes it within 5 s.',
    squall: 'It is kept until the receiver takes it.',
  },
  {
    id: 'drawn-once',
    toxiproxy: 'Toxicity is drawn anew on a connection when the toxic next to it comes or goes.',
    squall: 'A connection is drawn once, and again only when the toxicity changes.',
  },
  {
    id: 'seed-repeats',
    toxiproxy: '`-seed` has no effect.',
    squall: 'With the same seed the same connections are drawn.',
  },
  {
    id: 'reset-goes-on',
    toxiproxy: '`/reset` ends at the first proxy that cannot be started; it and the rest keep their toxics.',
    squall: 'All of them lose their toxics; then the failure is told.',
  },
  {
    id: 'no-web-pages',
    toxiproxy: 'Any web page that leaves `Mozilla/` out can call the API, under any host name.',
    squall: 'An unknown `Host` and a foreign `Origin` are refused with 403.',
  },
  {
    id: 'body-limit',
    toxiproxy: 'A body may have any length.',
    squall: 'Bodies over 1 MiB are refused with 413.',
  },
  {
    id: 'config-is-checked',
    toxiproxy: 'A config file that cannot be read or is wrong is only logged, and the server starts without it.',
    squall: 'The server does not start, and says what is wrong.',
  },
  {
    id: 'config-toxics',
    toxiproxy: '`toxics` in the config file are overlooked.',
    squall: 'They are put.',
  },
  {
    id: 'port-taken',
    toxiproxy: 'When its port is taken the server goes on running without an API.',
    squall: 'It ends with an error.',
  },
  {
    id: 'counts-live',
    toxiproxy: '`/metrics` counts the bytes of a connection only when it ends.',
    squall: 'They are counted as they pass.',
  },
  {
    id: 'runtime-metrics',
    toxiproxy: '`-runtime-metrics` tells of Go.',
    squall: 'It tells of Node; what it tells of the process has the same names.',
  },
  {
    id: 'version-flag',
    toxiproxy: '`--version` prints the version of Toxiproxy, like `-version`.',
    squall: 'With two dashes it prints the version of Squall, as everywhere in Squall.',
  },
] as const satisfies readonly Deviation[]

export type DeviationId = (typeof deviations)[number]['id']
