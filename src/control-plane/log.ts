/** Where services and the reconciler write what people should know; secrets and rows' values are never among it. */
export interface ReconcilerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
