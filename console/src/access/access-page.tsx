import { isAdmin } from "../api/session.ts"
import { Note } from "../display/notes.tsx"
import { useSession } from "../shell/session-context.tsx"
import { accessTexts as words } from "../texts/administration.ts"
import { ApiKeys } from "./api-keys.tsx"
import { Sessions } from "./sessions.tsx"
import { Users } from "./users.tsx"

export default function AccessPage() {
  const session = useSession()
  return (
    <div className="page">
      <h1>{words.title}</h1>
      <Sessions isAll={isAdmin(session)} />
      {isAdmin(session) ? (
        <>
          <ApiKeys />
          <Users />
        </>
      ) : (
        <Note tone="idle" title={words.keysForAdmins}>
          <p>{words.keysForAdminsDetail(session.role)}</p>
        </Note>
      )}
    </div>
  )
}
