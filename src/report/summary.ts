// STUB
export function renderSummary(run: { verdict?: { because: string } }, _o: { color: boolean }): string { return run.verdict?.because ?? '' }
