/** A server that was set up by the integrations API. */
export interface ServerAddress {
  host: string
  port: number
}

/**
 * How a database of such a server is called among `RelationName.database`: apart from the destination databases, whose
 * names have no `/`. By host and port, not by the integration's id: a server that is set up again has its sources again.
 */
export function databaseAt({ host, port }: ServerAddress, database: string): string {
  return `${host.toLowerCase()}:${port}/${database}`
}

/** `server`: `host:port`. `undefined`: a destination database. */
export function serverDatabase(name: string): { server: string; database: string } | undefined {
  const at = name.indexOf("/")
  return at < 0 ? undefined : { server: name.slice(0, at), database: name.slice(at + 1) }
}
