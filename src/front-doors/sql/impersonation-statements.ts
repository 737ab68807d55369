import type { DoorStatement } from "../../query/contract.ts"
import { cursorOver, type TokenCursor } from "../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../query/text/tokens.ts"
import type { AuditStatement } from "./audited-statements.ts"

/**
 * Statements that have a session read governed tables as another person does: `CALL immuta_procedures.impersonate_user('name')`,
 * and with NULL the end of it (fact: the procedure that the set-up makes on a server); what BI tools send for the same, `SET SESSION AUTHORIZATION name` or
 * DEFAULT, `RESET SESSION AUTHORIZATION`. `undefined`: none of these. @throws PgError 42601
 */
export function impersonationStatement(tokens: Token[], audit: AuditStatement): DoorStatement | undefined {
  const cursor = cursorOver(tokens)
  if (isCall(tokens)) {
    cursor.skip(4)
    return statementFor(calledName(cursor), { audit, tag: "CALL" })
  }
  if (isWord(tokens[0], "reset") && isAuthorization(tokens.slice(1))) {
    cursor.skip(3)
    cursor.end()
    return statementFor(undefined, { audit, tag: "RESET" })
  }
  const words = isWord(tokens[0], "set") ? authorizationAt(tokens) : undefined
  if (words === undefined) return undefined
  cursor.skip(words)
  return statementFor(authorizedName(cursor, tokens[words]), { audit, tag: "SET" })
}

function isCall([call, schema, dot, procedure]: Token[]): boolean {
  return (
    isWord(call, "call") &&
    schema?.value === "immuta_procedures" &&
    isSymbol(dot, ".") &&
    procedure?.value === "impersonate_user"
  )
}

function isAuthorization([session, authorization]: Token[]): boolean {
  return isWord(session, "session") && isWord(authorization, "authorization")
}

/** How many words stand before the name in `SET [SESSION | LOCAL] SESSION AUTHORIZATION name`. */
function authorizationAt(tokens: Token[]): number | undefined {
  if (isAuthorization(tokens.slice(1))) return 3
  return isWord(tokens[1], "session", "local") && isAuthorization(tokens.slice(2)) ? 4 : undefined
}

/** `('name')` or `(NULL)`. */
function calledName(cursor: TokenCursor): string | undefined {
  if (!cursor.symbol("(")) throw cursor.unexpected()
  const name = cursor.take("null") ? undefined : cursor.string()
  if (!cursor.symbol(")")) throw cursor.unexpected()
  cursor.end()
  return name
}

/** `DEFAULT`, an identifier, or a text. */
function authorizedName(cursor: TokenCursor, next: Token | undefined): string | undefined {
  const name = next?.kind === "string" ? cursor.string() : cursor.take("default") ? undefined : cursor.name()
  cursor.end()
  return name
}

function statementFor(
  name: string | undefined,
  { audit, tag }: { audit: AuditStatement; tag: string },
): DoorStatement {
  return {
    columns: undefined,
    notices: [],
    run: async (session) => {
      session.transaction.assertUsable()
      const operation = name === undefined ? "EndImpersonation" : "Impersonate"
      await audit({ operation, resource: name, parameters: { session: session.id } }, async () =>
        session.impersonate(name),
      )
      return { rows: [], tag }
    },
  }
}
