/** A wrong document: what stands in one part of it, and for each problem its code, its place and its fix. The other parts are in order. */
export type Row = [content: string, ...expected: [code: string, place: string, fix: string][]]
