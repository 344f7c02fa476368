/** What is answered to a call, and the errors of the API with their status. */

export interface Answer {
  status: number
  /** Undefined: an answer without one, as 204 is. */
  type?: string
  body: string
  headers?: Record<string, string>
}

/** Ends a call with this status; the message is the `error` of the body. */
export class ApiError extends Error {
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

export function badBody(error: unknown): ApiError {
  return new ApiError(`bad request body: ${(error as Error).message}`, 400)
}

/** The status of any error: what is not the API's own is 500. */
export function statusOf(error: unknown): number {
  return error instanceof ApiError ? error.status : 500
}
