import { lazy, Suspense } from "react"
import { Link } from "../display/button.tsx"
import { EmptyState } from "../display/notes.tsx"
import { OverviewPage } from "../overview/overview-page.tsx"
import { texts } from "../texts.ts"
import type { Place } from "./router.ts"

const QueryPage = lazy(() => import("../query/query-page.tsx"))
const CreatePage = lazy(() => import("../create/create-page.tsx"))
const SourcesPage = lazy(() => import("../sources/sources-page.tsx"))
const HealthPage = lazy(() => import("../health/health-page.tsx"))
const AuditPage = lazy(() => import("../audit/audit-page.tsx"))
const AccessPage = lazy(() => import("../access/access-page.tsx"))
const SettingsPage = lazy(() => import("../settings/settings-page.tsx"))
const IntegrationPage = lazy(() => import("../integration/integration-page.tsx"))

/** The first page comes with the shell; the others are loaded when somebody goes there. */
export function PageOf({ place }: { place: Place }) {
  return <Suspense fallback={<div className="page" aria-busy="true" />}>{pageOf(place)}</Suspense>
}

function pageOf(place: Place) {
  switch (place.page) {
    case "overview":
      return <OverviewPage />
    case "integration":
      return <IntegrationPage id={place.id} />
    case "query":
      return <QueryPage />
    case "create":
      return <CreatePage />
    case "sources":
      return <SourcesPage />
    case "health":
      return <HealthPage />
    case "audit":
      return <AuditPage />
    case "access":
      return <AccessPage />
    case "settings":
      return <SettingsPage />
    case "unknown":
      return <UnknownPage path={place.path} />
  }
}

function UnknownPage({ path }: { path: string }) {
  const { title, detail, action } = texts.unknownPage
  return (
    <div className="page">
      <h1>{title}</h1>
      <EmptyState
        title={title}
        detail={detail(path)}
        action={<Link to={{ page: "overview" }}>{action}</Link>}
      />
    </div>
  )
}
