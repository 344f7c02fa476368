/** What an HTTP fault does to which requests. Plain data. */
export interface HttpRule {
  [key: string]: unknown
}
