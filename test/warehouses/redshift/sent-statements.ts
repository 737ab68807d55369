import type { Session } from "../../../src/warehouses/redshift/connection/client.ts"

/** What is sent to a session, which answers that one row was found or changed. */
export async function sentBy(
  work: (session: Session) => Promise<unknown>,
  found: "a row" | "nothing" = "a row",
): Promise<string[]> {
  const sent: string[] = []
  const answer = { rows: found === "a row" ? [["1"]] : [], count: 1 }
  await work({
    run: async (sql) => {
      sent.push(...sql.split("; "))
      return [answer, answer]
    },
    rows: async (sql) => {
      sent.push(sql)
      return answer.rows
    },
    processId: 0,
    destroy: () => undefined,
    close: async () => undefined,
  })
  return sent
}
