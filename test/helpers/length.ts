/** Campaigns come in two lengths: the one that a machine for continuous integration runs, and a shorter one for `npm test` at a desk. */
export const everything: boolean = process.env.SQUALL_TEST_ALL === '1'
