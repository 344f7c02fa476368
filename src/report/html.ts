// STUB
export function renderHtml(run: unknown): string { return JSON.stringify(run) }
